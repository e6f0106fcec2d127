#include "fpga_tf/bank.h"
int main(){return 0;}
