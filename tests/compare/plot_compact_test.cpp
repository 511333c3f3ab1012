// What is taken out of an SVG file, and what stays; whether a PDF file has its fonts.
#include "compare/plot/compact.h"

#include <gtest/gtest.h>

#include <string>

namespace {

// Numbers are rounded by their digits, everything else stays as it is.
TEST(SvgCompact, RoundsNumbersAndDropsDefaults) {
  std::string text =
      "<path style=\"fill:none;stroke-width:0.7;stroke-linecap:butt;stroke:rgb(83.5%,0%,9.999%);"
      "stroke-opacity:1;\" d=\"M 68.199219 -151.546875 L 0.996094 9.995117 L 12.30 1.004 "
      "99.999 \" transform=\"matrix(0.001234,0,0,1.23456,7,8)\"/><use id=\"glyph0-12\" x=\"3\"/>";
  size_t size = text.size();
  pdlt_svg_compact(&text[0], &size);
  EXPECT_EQ(std::string(text.c_str()),
            "<path style=\"fill:none;stroke-width:0.7;stroke:rgb(83.5%,0%,10%);\" "
            "d=\"M 68.2 -151.55 L 1 10 L 12.30 1 100 \" "
            "transform=\"matrix(0.001234,0,0,1.23456,7,8)\"/><use id=\"glyph0-12\" x=\"3\"/>");
  EXPECT_EQ(std::string(text.c_str()).size(), size);
  char empty[1] = "";
  size = 0;
  pdlt_svg_compact(empty, &size);
  EXPECT_EQ(size, 0u);
}

int HasFonts(const std::string &pdf) { return pdlt_pdf_has_fonts(pdf.data(), pdf.size()); }

// Fonts by their names, as cairo gives them, and the objects that they are.
TEST(PdfFonts, EachNamedOneIsThere) {
  const std::string fonts = "<< /f-0-0 7 0 R /f-12-1 10 0 R >>", seven = "\n7 0 obj\n<<";
  EXPECT_TRUE(HasFonts(""));
  EXPECT_TRUE(HasFonts(fonts + seven + "\n10 0 obj"));
  EXPECT_FALSE(HasFonts(fonts + seven));
  EXPECT_FALSE(HasFonts(fonts + seven + "\n110 0 obj"));
  EXPECT_TRUE(HasFonts("/f-0-0 7 0 S /f-0 7 0 R /f-0-0 7 0 /f- /f-0-"));
  EXPECT_FALSE(HasFonts("/f-0-/f-0-0 7 0 R"));
}

}  // namespace
