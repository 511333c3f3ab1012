/* main.c - the program pdlt. */
int main(void) { return 0; }
