cmake_minimum_required(VERSION 3.25)
# Writes OUT, a C source with the bytes of the style sheet IN as NAME and NAME_size, which HEADER
# declares. Comments are left out; a line that begins with blanks continues the one before.
file(READ ${IN} text)
string(REGEX REPLACE "/\\*[^*]*\\*/\n" "" text "${text}")
string(REGEX REPLACE "\n +" "" text "${text}")
string(HEX "${text}" bytes)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT}
  "#include \"${HEADER}\"\n\n"
  "const unsigned char ${NAME}[] = {${bytes}};\n"
  "const size_t ${NAME}_size = sizeof ${NAME};\n")
