"""The C++ program that drives the firmware with integer codes."""

from __future__ import annotations

from collections.abc import Sequence

from fpga_tf.hls.manifest import Port

HARNESS = "fpga_tf_simulate.cpp"

_TEXT = """\
// Runs the firmware on integer codes:  simulate INPUTS OUTPUTS SAMPLES [TRACES]
// INPUTS and OUTPUTS hold int64 codes, sample after sample, port after port. TRACES takes every layer's codes.

#include "firmware/@TOP@.h"
@FIFO@#include "firmware/nnet_utils/nnet_helpers.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace nnet {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
} // namespace nnet

namespace {

void die(const char *what, const char *path) {
    std::fprintf(stderr, "simulate: %s: %s\\n", what, path);
    std::exit(1);
}

FILE *open(const char *path, const char *mode) {
    FILE *file = std::fopen(path, mode);
    if (file == NULL) {
        die("must be able to open", path);
    }
    return file;
}

void write(const std::vector<std::int64_t> &codes, FILE *file, const char *path) {
    if (std::fwrite(codes.data(), sizeof(std::int64_t), codes.size(), file) != codes.size()) {
        die("must be able to write", path);
    }
}

template <int W, class T> void put(T *x, const std::int64_t *codes, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        x[i].range(W - 1, 0) = ap_uint<W>(static_cast<unsigned long long>(codes[i]));
    }
}

template <int W, bool S, class T> void get(T *x, std::int64_t *codes, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        const ap_uint<W> bits = x[i].range(W - 1, 0);
        std::int64_t code = static_cast<std::int64_t>(bits.to_uint64());
        if (S && bits[W - 1]) {
            code -= std::int64_t(1) << W;
        }
        codes[i] = code;
    }
}

@STREAMS@struct layer {
    const char *name;
    unsigned size;
    int fraction;
};

const layer layers[] = {
@LAYERS@    {NULL, 0, 0}};

// Here rather than in main, so that a top function of the same name as something above hides nothing.
int run(int argc, char **argv) {
@CONCURRENT@    if (argc != 4 && argc != 5) {
        die("usage", "simulate INPUTS OUTPUTS SAMPLES [TRACES]");
    }
    FILE *in = open(argv[1], "rb");
    FILE *out = open(argv[2], "wb");
    FILE *traces = argc == 5 ? open(argv[4], "wb") : NULL;
    const long samples = std::atol(argv[3]);
    std::map<std::string, void *> storage;
    std::vector<std::vector<double> > buffers;
    if (traces != NULL) {
        for (const layer *l = layers; l->name != NULL; l++) {
            buffers.push_back(std::vector<double>(l->size));
        }
        unsigned i = 0;
        for (const layer *l = layers; l->name != NULL; l++) {
            storage[l->name] = buffers[i++].data();
        }
        nnet::trace_outputs = &storage;
        nnet::trace_enabled = true;
    }
    std::vector<std::int64_t> given(@IN@), made(@OUT@);
@PORTS@    for (long sample = 0; sample < samples; sample++) {
        if (std::fread(given.data(), sizeof(std::int64_t), given.size(), in) != given.size()) {
            die("must hold every sample", argv[1]);
        }
@RUN@        write(made, out, argv[2]);
        for (unsigned i = 0; i < buffers.size(); i++) {
            std::vector<std::int64_t> codes(buffers[i].size());
            for (unsigned j = 0; j < codes.size(); j++) {
                codes[j] = std::llround(std::ldexp(buffers[i][j], layers[i].fraction));
            }
            write(codes, traces, argv[4]);
        }
    }
    std::fclose(in);
    if (std::fclose(out) != 0 || (traces != NULL && std::fclose(traces) != 0)) {
        die("must be able to write", argv[2]);
    }
    return 0;
}

} // namespace

int main(int argc, char **argv) { return run(argc, argv); }
"""


_STREAMS = """\
// rows of a stream at the top's interface
template <int W, class S> void put_rows(S &x, const std::int64_t *codes, unsigned rows) {
    for (unsigned r = 0; r < rows; r++) {
        fpga_tf::element_of<S> values;
        put<W>(values.data, codes + r * values.size, values.size);
        x.write(values);
    }
}

template <int W, bool S, class in_S> void get_rows(in_S &x, std::int64_t *codes, unsigned rows) {
    for (unsigned r = 0; r < rows; r++) {
        fpga_tf::element_of<in_S> values = x.read();
        get<W, S>(values.data, codes + r * values.size, values.size);
    }
}

"""

_ROWS = "_rows"  # how the functions for streams end
_CONCURRENT = """\
    // each process a thread, each FIFO of its own depth: to see that none waits for ever
    if (argc > 1 && std::string(argv[1]) == "--concurrent") {
        fpga_tf::concurrent() = true;
        argv++;
        argc--;
    }
"""


def harness(
    top: str,
    inputs: Sequence[tuple[Port, str]],
    outputs: Sequence[tuple[Port, str]],
    layers: Sequence[Port],
    *,
    dataflow: bool = False,
) -> str:
    """The program's text.

    Args:
        dataflow: the firmware has processes and FIFOs; ``--concurrent`` as first argument makes each process a thread.
        top: top function.
        inputs, outputs: (port, C++ type) in the order of the top function's arguments.
        layers: what to trace.
    """
    given = [(f"input{i}", port, kind) for i, (port, kind) in enumerate(inputs)]
    made = [(f"output{i}", port, kind) for i, (port, kind) in enumerate(outputs)]
    put, put_size = "", 0
    for name, port, _ in given:
        how = f"put{_ROWS if port.rows else ''}<{port.type.width}>"
        put += f"        {how}({name}, given.data() + {put_size}, {port.rows or port.size});\n"
        put_size += port.size
    get, get_size = "", 0
    for name, port, _ in made:
        how = f"get{_ROWS if port.rows else ''}<{port.type.width}, {'true' if port.type.signed else 'false'}>"
        get += f"        {how}({name}, made.data() + {get_size}, {port.rows or port.size});\n"
        get_size += port.size
    call = f"        ::{top}({', '.join(name for name, _, _ in [*given, *made])});\n"
    traced = "".join(f'    {{"{p.node}", {p.size}, {p.type.fraction}}},\n' for p in layers)
    text = _TEXT
    for mark, value in {
        "@TOP@": top,
        "@FIFO@": '#include "firmware/fpga_tf/fifo.h"\n' if dataflow else "",
        "@STREAMS@": _STREAMS if any(port.rows for port, _ in [*inputs, *outputs]) else "",
        "@CONCURRENT@": _CONCURRENT if dataflow else "",
        "@LAYERS@": traced,
        "@IN@": str(put_size),
        "@OUT@": str(get_size),
        "@PORTS@": "".join(_definition(port, kind, name) for name, port, kind in [*given, *made]),
        "@RUN@": put + call + get,
    }.items():
        text = text.replace(mark, value)
    return text


def _definition(port: Port, kind: str, name: str) -> str:
    return (
        f'    static hls::stream<{kind}> {name}("{name}");\n'
        if port.rows
        else f"    static {kind} {name}[{port.size}];\n"
    )
