#include "fpga_tf/trace.h"

#include "check.h"

namespace nnet {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
} // namespace nnet

int main() {
    typedef ap_fixed<6, 3> value_t;
    fpga_tf::fifo<fpga_tf::row<value_t, 2>, 1> x("x");
    for (int r = 0; r < 3; r++) {
        fpga_tf::row<value_t, 2> one;
        one[0] = r - 1.5;
        one[1] = 0.125 * r;
        x.write(one);
    }
    const double expected[6] = {-1.5, 0, -0.5, 0.125, 0.5, 0.25};
    double wide[6] = {};
    float narrow[6] = {};
    std::map<std::string, void *> store;
    nnet::save_layer_output<value_t>(x, "x", 6); // off
    nnet::trace_outputs = &store;
    nnet::trace_enabled = true;
    nnet::save_layer_output<value_t>(x, "x", 6); // not asked for
    store["x"] = wide;
    nnet::save_layer_output<value_t>(x, "x", 6);
    store["x"] = narrow;
    nnet::trace_type_size = sizeof(float);
    nnet::save_layer_output<value_t>(x, "x", 6);
    for (unsigned i = 0; i < 6; i++) {
        CHECK(wide[i] == expected[i]);
        CHECK(static_cast<double>(narrow[i]) == expected[i]);
    }
    CHECK(x.size() == 3);
    CHECK(x.read()[0] == -1.5); // still in order
    return 0;
}
