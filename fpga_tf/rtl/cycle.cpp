// Clocks a model: each record of the input is the words of the input port; the words of the output
// port after that clock edge are written back. Arguments: words of the input and of the output.

#include "Vtop.h"
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <vector>

namespace {

template <class T> void put(T &port, const std::vector<uint32_t> &words) {
    if constexpr (std::is_integral<T>::value) {
        port = static_cast<T>(words[0] | (words.size() > 1 ? uint64_t(words[1]) << 32 : 0));
    } else {
        for (size_t i = 0; i < words.size(); i++) {
            port[i] = words[i];
        }
    }
}

template <class T> void get(const T &port, std::vector<uint32_t> &words) {
    for (size_t i = 0; i < words.size(); i++) {
        if constexpr (std::is_integral<T>::value) {
            words[i] = static_cast<uint32_t>(uint64_t(port) >> (32 * i));
        } else {
            words[i] = port[i];
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3) {
        return 2;
    }
    std::vector<uint32_t> in(strtoul(argv[1], nullptr, 10)), out(strtoul(argv[2], nullptr, 10));
    VerilatedContext context;
    Vtop top{&context};
    while (fread(in.data(), sizeof(uint32_t), in.size(), stdin) == in.size()) {
        put(top.model_inp, in);
        top.clk = 0;
        top.eval();
        top.clk = 1;
        top.eval();
        get(top.model_out, out);
        if (fwrite(out.data(), sizeof(uint32_t), out.size(), stdout) != out.size()) {
            return 1;
        }
    }
    top.final();
    return 0;
}
