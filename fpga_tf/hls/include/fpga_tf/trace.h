#ifndef FPGA_TF_TRACE_H_
#define FPGA_TF_TRACE_H_

// hls4ml's record of a layer's output, for a FIFO of rows: values in the order in which they come.

#ifndef __SYNTHESIS__

#include "fifo.h"

#include <map>
#include <string>

namespace nnet {

extern bool trace_enabled;
extern std::map<std::string, void *> *trace_outputs;
extern size_t trace_type_size;

template <class data_T, class row_T, int DEPTH>
void save_layer_output(fpga_tf::fifo<row_T, DEPTH> &data, const char *name, size_t) {
    if (!trace_enabled || trace_outputs == NULL || trace_outputs->count(name) == 0) {
        return;
    }
    void *const out = (*trace_outputs)[name];
    const size_t rows = data.size();
    for (size_t r = 0; r < rows; r++) {
        const row_T values = data.read();
        for (unsigned i = 0; i < row_T::size; i++) {
            const double value = values[i].to_double();
            if (trace_type_size == sizeof(float)) {
                static_cast<float *>(out)[r * row_T::size + i] = static_cast<float>(value);
            } else {
                static_cast<double *>(out)[r * row_T::size + i] = value;
            }
        }
        data.write(values);
    }
}

} // namespace nnet

#endif

#endif
