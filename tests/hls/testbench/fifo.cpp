#include "fpga_tf/fifo.h"

#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <type_traits>

#include "check.h"
#include "hls_stream.h"
#include "streams.h"

typedef fpga_tf::row<ap_int<8>, 3> row_t;

static_assert(std::is_same<fpga_tf::element_of<fpga_tf::fifo<row_t, 4>>, row_t>::value, "of a FIFO");
static_assert(std::is_same<fpga_tf::element_of<hls::stream<row_t>>, row_t>::value, "of a port");
static_assert(std::is_same<row_t::value_type, ap_int<8>>::value && row_t::size == 3, "as nnet::array says it");

row_t numbered(int n) {
    row_t made;
    FPGA_TF_PACK(made)
    for (unsigned c = 0; c < 3; c++) {
        made[c] = n + 10 * static_cast<int>(c);
    }
    return made;
}

bool is_numbered(const row_t &given, int n) { return given[0] == n && given[1] == n + 10 && given[2] == n + 20; }

// Rows come out whole and in order; the producer is at most DEPTH rows ahead if processes run at once.
template <int DEPTH> void check_order(bool concurrent) {
    std::atomic<int> written(0), asked(0), ahead(0);
    fpga_tf::fifo<row_t, DEPTH> rows("rows");
    FPGA_TF_PROCESS(for (int n = 0; n < 100; n++) {
        rows.write(numbered(n));
        const int lead = ++written - asked;
        ahead = lead > ahead ? lead : ahead.load();
    });
    for (int n = 0; n < 100; n++) {
        ++asked;
        CHECK(is_numbered(rows.read(), n));
    }
    CHECK(!concurrent || ahead <= DEPTH);
}

// Waits at random: not at all, for another thread, or some microseconds.
class dawdler {
  public:
    explicit dawdler(unsigned seed) : random(seed) {}
    void operator()() {
        const unsigned what = random() % 8;
        if (what < 3) {
            std::this_thread::yield();
        } else if (what == 3) {
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 40));
        }
    }

  private:
    std::mt19937 random;
};

// Two branches of different length that meet again, each process with a rhythm of its own.
int total_of_diamond(unsigned seed) {
    fpga_tf::fifo<row_t, 1> left("left"), right("right"), squared("squared"), out("out");
    FPGA_TF_PROCESS(dawdler pause(seed); for (int n = 0; n < 20; n++) {
        pause();
        left.write(numbered(n));
        pause();
        right.write(numbered(n + 1));
    });
    FPGA_TF_PROCESS(dawdler linger(seed + 1); for (int n = 0; n < 20; n++) {
        row_t given = left.read();
        linger();
        given[0] = given[0] * given[0] % 7;
        squared.write(given);
    });
    FPGA_TF_PROCESS(dawdler rest(seed + 2); for (int n = 0; n < 20; n++) {
        const row_t a = squared.read();
        rest();
        const row_t b = right.read();
        out.write(numbered(static_cast<int>(a[0] * b[0])));
    });
    int total = 0;
    dawdler wait(seed + 3);
    for (int n = 0; n < 20; n++) {
        wait();
        total = (31 * total + static_cast<int>(out.read()[0])) % 1000003;
    }
    return total;
}

// A branch by way of two arrays, and one by a FIFO that holds a row and has a reader further down: whoever fills or
// reads an array must not keep others from beginning.
int sum_by_arrays() {
    fpga_tf::fifo<row_t, 1> left("left"), right("right"), passed("passed"), out("out");
    int copied[20], squared[20];
    FPGA_TF_PROCESS(for (int n = 0; n < 20; n++) {
        right.write(numbered(n));
        left.write(numbered(n));
    });
    FPGA_TF_ARRAY_PROCESS((), (copied), for (int n = 0; n < 20; n++) { copied[n] = static_cast<int>(left.read()[0]); });
    FPGA_TF_ARRAY_PROCESS((copied), (squared), for (int n = 0; n < 20; n++) { squared[n] = copied[n] * copied[n]; });
    FPGA_TF_PROCESS(row_t sum; sum[0] = sum[1] = sum[2] = 0; for (int n = 0; n < 20; n++) {
        sum[0] += right.read()[0];
    } passed.write(sum));
    int total = 0;
    FPGA_TF_ARRAY_PROCESS((squared, copied), (&total), for (int n = 0; n < 20; n++) {
        total += squared[n] - copied[n];
    } total += 1000 * static_cast<int>(passed.read()[0]));
    FPGA_TF_JOIN
    return total;
}

int main() {
    both_ways([](bool concurrent) {
        for (int n = 0; n < (concurrent ? 40 : 1); n++) {
            CHECK(sum_by_arrays() == 2470 - 190 + 1000 * (190 - 256));
        }
    });
    both_ways([](bool concurrent) {
        check_order<1>(concurrent);
        check_order<2>(concurrent);
        check_order<7>(concurrent);
    });
    int expected = 0;
    for (int n = 0; n < 20; n++) {
        const int product = n * n % 7 * (n + 1); // at most 80: eight bits hold it
        expected = (31 * expected + product) % 1000003;
    }
    both_ways([expected](bool concurrent) {
        for (unsigned seed = 0; seed < (concurrent ? 40 : 1); seed++) {
            CHECK(total_of_diamond(seed) == expected);
        }
    });
    return 0;
}
