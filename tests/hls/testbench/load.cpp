#include "ap_fixed.h"
#include "fpga_tf/load.h"

#include "check.h"

static const double values[3] = {-0.859375, 0, 1.5};
static ap_fixed<9, 3> x[3];
static const bool loaded = fpga_tf::load(x, values, 3);

int main() {
    CHECK(loaded);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(x[i] == values[i]);
    }
    return 0;
}
