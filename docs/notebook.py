# A first experiment in Python, cell by cell; lines that begin with "#>" are what the cell above printed.
# Run it as a script, or cell by cell in an editor that knows "# %%". Setting up: docs/python.md. The same
# from the command line, with more about widths, members and verdicts: docs/tutorial.md.

# %% Four samples in the plane: three train, the fourth is only predicted.
import numpy as np
import pdlt

np.set_printoptions(precision=4, suppress=True)
angle = 1.5 * np.arange(4)
x = np.column_stack([np.cos(angle), np.sin(angle)])  # (D, n_0)
y = x[:3, 0] * x[:3, 1]  # (N_A): targets of the samples that train
print(y)
#> [ 0.      0.0706 -0.1397]

# %% The experiment: a dict with the keys of docs/experiment.md. One hidden layer of n tanh neurons.
experiment = {
    "network": {"activation": "tanh", "depth": 2, "widths": [16, 24, 32, 64], "C_b": 0.1, "C_W": 1.2},
    "training": {"eta": {"relative": 0.5}, "steps": 10, "record": [0, 2, 10]},
    "ensemble": {"members": 5120, "seed": 1},
}

# %% What will come of it, before any training: the largest learning rate, corrections of order 1/n.
forecast = pdlt.explain(experiment, x, y)
print(f"largest usable eta {forecast['eta_max']:.3f}, verdict possible: {forecast['verdict_possible']}")
for width in forecast["widths"]:
    print(f"n = {width['width']}: 1/n corrects the output by {100 * width['correction_z']:.2f} %")
#> largest usable eta 0.387, verdict possible: True
#> n = 16: 1/n corrects the output by 0.15 %
#> n = 24: 1/n corrects the output by 0.10 %
#> n = 32: 1/n corrects the output by 0.08 %
#> n = 64: 1/n corrects the output by 0.04 %

# %% Theory alone: kernel and NTK at infinite width, (D, D).
theory = pdlt.theory(experiment, x, y)
print(theory["K"])
print(np.linalg.eigvalsh(theory["Theta"][:3, :3]))  # how fast the three training modes are learned
#> [[ 0.4966  0.1768 -0.1722  0.0858]
#>  [ 0.1768  0.4966  0.1768 -0.1722]
#>  [-0.1722  0.1768  0.4966  0.1768]
#>  [ 0.0858 -0.1722  0.1768  0.4966]]
#> [0.4588 1.2179 5.1742]

# %% The mean output in training: infinite width, and the coefficient of 1/n. Both are (T, n_L, D).
lo, nlo = theory["z_lo"][:, 0], theory["z_nlo"][:, 0]
for step, mean, slope in zip(theory["times"], lo, nlo):
    print(f"step {step:2.0f}: z = {mean} + {slope}/n")
#> step  0: z = [0. 0. 0. 0.] + [0. 0. 0. 0.]/n
#> step  2: z = [-0.0029 -0.0077 -0.0338 -0.0251] + [ 0.0002 -0.0003  0.0039  0.0026]/n
#> step 10: z = [ 0.0127  0.0125 -0.0871 -0.0705] + [-0.0082 -0.0259  0.0359  0.011 ]/n

# %% Networks: 5120 draws at each width, trained; then theory and measurement, number by number. All agrees;
# this is what is said of the mean output.
result = pdlt.run(experiment, x, y)
print(result.verdict)
for test in result.tests:
    if test["quantity"] == "z":
        print(test["quantity"], test["coefficient"], test["verdict"], test["reason"])
#> agree
#> z c0 agree no deviation (p = 0.95); the null hypothesis is 106 total errors away; c0 agrees within 0.24 %
#> z c1 agree no deviation (p = 0.2); the null hypothesis is 57.5 total errors away; c1 agrees within 11 %

# %% The test sample after ten steps, width by width: measured, infinite width, order 1/n.
z, error = result.measured.of_widths("z")[:, -1, 0, 3], result.measured.of_widths("z_se")[:, -1, 0, 3]
for n, measured, bar in zip(result.measured.widths, z, error):
    print(f"n = {n}: {measured:.5f} +- {bar:.5f}   {lo[-1, 3]:.5f}   {lo[-1, 3] + nlo[-1, 3] / n:.5f}")
#> n = 16: -0.06978 +- 0.00003   -0.07049   -0.06980
#> n = 24: -0.07005 +- 0.00002   -0.07049   -0.07003
#> n = 32: -0.07013 +- 0.00002   -0.07049   -0.07014
#> n = 64: -0.07031 +- 0.00001   -0.07049   -0.07031

# %% A straight line through them, by hand: its value at 1/n = 0 is the limit, its slope the coefficient.
h = 1 / np.array(result.measured.widths)
slope, limit = np.polyfit(h, z, 1, w=1 / error)
print(f"limit {limit:.5f}, theory {lo[-1, 3]:.5f}; slope {slope:.4f}, theory {nlo[-1, 3]:.4f}")
#> limit -0.07048, theory -0.07049; slope 0.0110, theory 0.0110

# %% What the correction is made of: five parts, whose sum it is.
for part in ("mean_ntk", "ntk_fluctuations", "dntk", "ddntk_linear", "ddntk_cubic"):
    print(f"{part:16} {theory[f'z_nlo/{part}'][-1, 0, 3]:+.5f}")
#> mean_ntk         +0.00000
#> ntk_fluctuations +0.00638
#> dntk             +0.00613
#> ddntk_linear     -0.00153
#> ddntk_cubic      -0.00002

# %% Would it have been noticed if one of them were wrong? Leave it out and compare again; no training.
wrong = pdlt.theory(experiment, x, y, theory__omit=["ntk_fluctuations"])
verdicts = {test["quantity"] + " " + test["coefficient"]: test["verdict"]
            for test in pdlt.compare(wrong, result.measured).tests}
print(verdicts["z c0"], verdicts["z c1"])
#> agree disagree
