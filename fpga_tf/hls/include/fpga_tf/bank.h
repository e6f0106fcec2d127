#ifndef FPGA_TF_BANK_H_
#define FPGA_TF_BANK_H_

// A row times a matrix, y[o] = sum_i x[i] * w[o][i], on multipliers that REUSE products share.
//
// Up to N_IN, the reuse factor divides the inputs: in each step `parallel` of them meet all outputs. Beyond, whole
// outputs take turns, `groups` of them, one input a step. A row takes `steps` cycles, at most REUSE, on `multipliers`
// multipliers; where REUSE does not divide N_IN (or N_OUT), some of them idle in the last step.

#include "integer.h"

namespace fpga_tf {

template <unsigned N_IN, unsigned N_OUT, unsigned REUSE> struct bank {
    static_assert(N_IN >= 1 && N_OUT >= 1 && REUSE >= 1, "a bank must have inputs, outputs and a reuse factor");
    static const unsigned parallel = REUSE <= N_IN ? (N_IN + REUSE - 1) / REUSE : 1;
    static const unsigned turns = REUSE <= N_IN ? 1 : REUSE / N_IN;
    static const unsigned most_groups = turns < N_OUT ? turns : N_OUT;
    static const unsigned width = (N_OUT + most_groups - 1) / most_groups; // outputs at once
    static const unsigned groups = (N_OUT + width - 1) / width;            // as few as have an output each
    static const unsigned input_steps = (N_IN + parallel - 1) / parallel;
    static const unsigned steps = groups * input_steps;
    static const unsigned multipliers = parallel * width;
    static const unsigned padded_in = input_steps * parallel;
    static const unsigned padded_out = groups * width;
};

// One step with constants: the word of w at `word` holds `multipliers` of them, output after output, zeros where the
// bank is larger than the matrix. A matrix is `steps` words, group after group; w holds WORDS.
template <class BANK, unsigned WORDS, class sum_T, class x_T, class w_T>
void bank_step(unsigned word, unsigned group, unsigned step, const x_T x[BANK::padded_in],
               const w_T w[WORDS * BANK::multipliers], sum_T sum[BANK::padded_out]) {
    #pragma HLS INLINE
    for (unsigned o = 0; o < BANK::width; o++) {
        #pragma HLS UNROLL
        sum_T part = 0;
        for (unsigned p = 0; p < BANK::parallel; p++) {
            #pragma HLS UNROLL
            part += product(x[step * BANK::parallel + p], w[word * BANK::multipliers + o * BANK::parallel + p]);
        }
        sum[group * BANK::width + o] += part;
    }
}

// One step with a matrix that is held in registers, w[o][i].
template <class BANK, class sum_T, class x_T, class w_T>
void bank_step_held(unsigned group, unsigned step, const x_T x[BANK::padded_in],
                    const w_T w[BANK::padded_out][BANK::padded_in], sum_T sum[BANK::padded_out]) {
    #pragma HLS INLINE
    for (unsigned o = 0; o < BANK::width; o++) {
        #pragma HLS UNROLL
        sum_T part = 0;
        for (unsigned p = 0; p < BANK::parallel; p++) {
            #pragma HLS UNROLL
            part += product(x[step * BANK::parallel + p], w[group * BANK::width + o][step * BANK::parallel + p]);
        }
        sum[group * BANK::width + o] += part;
    }
}

} // namespace fpga_tf

#endif
