/* points.c - see points.h. */
#include "theory/gauss/points.h"

#include <math.h>
#include <stdint.h>

#include "base/random/rng.h"

enum { BITS = 20, DIMENSIONS = 256 };

static const uint64_t shift_seed = 0x6b696e6b; /* "kink" */

/* Made by make_lattice.py. */
static const uint32_t generator[DIMENSIONS] = {
    1,      443165,  90285,  672513, 952381,  440305,  53233,  397665,  417221,  151797,  748377,
    626537, 202273,  456957, 72721,  285153,  1039145, 301069, 1032933, 626357,  334701,  38881,
    112313, 132321,  540673, 378053, 748745,  663225,  784257, 618593,  25425,   588941,  808629,
    570777, 1002253, 173341, 302257, 694717,  664833,  464193, 934269,  296993,  620805,  683957,
    203489, 351633,  639293, 168677, 686745,  222937,  931173, 336061,  577953,  75553,   693493,
    677733, 934993,  32981,  438481, 962857,  155769,  519625, 21937,   655517,  355865,  395177,
    175613, 145977,  414149, 920009, 667857,  665441,  200405, 825289,  441289,  568989,  691773,
    744325, 38737,   815901, 41401,  738905,  689209,  708529, 263049,  343049,  114569,  279213,
    312777, 754361,  999397, 792209, 233325,  578737,  52141,  1033793, 160621,  911245,  730461,
    665281, 633233,  986877, 205169, 854101,  926533,  729349, 164505,  531141,  640585,  806161,
    971185, 584053,  643841, 593405, 512605,  946209,  196285, 653821,  205409,  708945,  323765,
    194325, 262841,  146033, 946985, 987337,  965325,  689905, 1021329, 228005,  1040153, 871333,
    465885, 806301,  920905, 337133, 130505,  415613,  7357,   50329,   834061,  914853,  682521,
    169489, 691341,  250837, 451013, 1035917, 960725,  177365, 558541,  956777,  62817,   476489,
    671313, 479413,  227121, 497897, 678217,  461945,  141517, 128025,  761489,  66833,   395713,
    803881, 690217,  810105, 370209, 654329,  736645,  832493, 777457,  1039613, 721909,  569945,
    714133, 667037,  768337, 10749,  199697,  944081,  69497,  595645,  841301,  603521,  342697,
    985117, 965345,  422897, 951853, 186749,  156089,  782133, 348105,  348829,  946917,  517133,
    277665, 411417,  695017, 481189, 478349,  629009,  630641, 543237,  171085,  681401,  369617,
    924009, 72165,   401317, 655029, 720677,  650245,  24485,  167725,  479761,  163249,  1004417,
    517241, 554457,  393461, 634293, 332029,  565529,  311441, 484093,  248933,  49737,   59189,
    717117, 921749,  982801, 889769, 772381,  456521,  348361, 515709,  72385,   34009,   786781,
    410949, 1005301, 656533, 894821, 47473,   912993,  800813, 36557,   727397,  318149,  38345,
    993797, 508453,  46853,
};

/* a[0] + a[1] x + ... + a[7] x^7 */
static double polynomial(const double a[8], double x) {
  double sum = a[7];
  for (int k = 6; k >= 0; k--) sum = sum * x + a[k];
  return sum;
}

/* Within 0.425 of the median; q = u - 1/2. */
static double central(double q) {
  static const double up[8] = {3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                               13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                               33430.575583588128105, 2509.0809287301226727};
  static const double down[8] = {1.0,
                                 42.313330701600911252,
                                 687.18700749205790830,
                                 5394.1960214247511077,
                                 21213.794301586595867,
                                 39307.895800092710610,
                                 28729.085735721942674,
                                 5226.4952788528545610};
  const double r = 0.180625 - q * q;
  return q * polynomial(up, r) / polynomial(down, r);
}

/* In the tails; r = sqrt(-log of the smaller tail). */
static double outer(double r) {
  static const double near_up[8] = {1.42343711074968357734,   4.63033784615654529590,
                                    5.76949722146069140550,   3.64784832476320460504,
                                    1.27045825245236838258,   0.241780725177450611770,
                                    0.0227238449892691845833, 0.000774545014278341407640};
  static const double near_down[8] = {1.0,
                                      2.05319162663775882187,
                                      1.67638483018380384940,
                                      0.689767334985100004550,
                                      0.148103976427480074590,
                                      0.0151986665636164571966,
                                      0.000547593808499534494600,
                                      1.05075007164441684324e-9};
  static const double far_up[8] = {6.65790464350110377720,    5.46378491116411436990,
                                   1.78482653991729133580,    0.296560571828504891230,
                                   0.0265321895265761230930,  0.00124266094738807843860,
                                   2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double far_down[8] = {1.0,
                                     0.599832206555887937690,
                                     0.136929880922735805310,
                                     0.0148753612908506148525,
                                     0.000786869131145613259100,
                                     1.84631831751005468180e-5,
                                     1.42151175831644588870e-7,
                                     2.04426310338993978564e-15};
  if (r <= 5.0) return polynomial(near_up, r - 1.6) / polynomial(near_down, r - 1.6);
  return polynomial(far_up, r - 5.0) / polynomial(far_down, r - 5.0);
}

double pdlt_gauss_normal(double u) {
  const double q = u - 0.5;
  if (fabs(q) <= 0.425) return central(q);
  const double value = outer(sqrt(-log(q < 0.0 ? u : 1.0 - u)));
  return q < 0.0 ? -value : value;
}

static pdlt_rng stream(size_t replica, size_t member) {
  return (pdlt_rng){shift_seed, replica, member, PDLT_STREAM_DATA};
}

void pdlt_gauss_shift(size_t replica, size_t dimensions, double *shift) {
  const pdlt_rng rng = stream(replica, 0);
  pdlt_rng_uniform(&rng, 0, dimensions, shift);
}

/* Number `index` in the order of van der Corput. */
static uint32_t reversed(size_t index) {
  uint32_t out = 0;
  for (int b = 0; b < BITS; b++) out |= (uint32_t)(index >> b & 1) << (BITS - 1 - b);
  return out;
}

void pdlt_gauss_point(size_t replica, size_t index, size_t dimensions, const double *shift,
                      double *normal) {
  const uint64_t i = reversed(index);
  const size_t lattice = dimensions < DIMENSIONS ? dimensions : DIMENSIONS;
  for (size_t k = 0; k < lattice; k++) {
    const double x = (double)(i * generator[k] % (1u << BITS)) / (1u << BITS) + shift[k];
    normal[k] = 1.0 - fabs(2.0 * (x >= 1.0 ? x - 1.0 : x) - 1.0);
  }
  if (dimensions > lattice) {
    const pdlt_rng rng = stream(replica, 1 + index);
    pdlt_rng_uniform(&rng, 0, dimensions - lattice, normal + lattice);
  }
  for (size_t k = 0; k < dimensions; k++)
    normal[k] = pdlt_gauss_normal(fmin(fmax(normal[k], 0x1p-53), 1.0 - 0x1p-53));
}
