#ifndef FPGA_TF_FIFO_H_
#define FPGA_TF_FIFO_H_

// Rows, and the FIFOs that pass them from process to process of a dataflow region.
//
// The HLS compiler gets hls::stream, whose depth a pragma beside its definition gives. In C-simulation processes run
// one after the other and a FIFO grows as it must. Where FPGA_TF_THREADS is defined, as fpga_tf does and no vendor's
// tool, whose linkers may lack threads, `concurrent()` can be set: then each process is a thread and a FIFO holds DEPTH
// rows: who writes into a full one waits, and so does who reads from an empty one. If all wait, the program
// says for which FIFOs and ends with exit code 3. Blocking reads and writes make the outcome the same for every schedule
// (Kahn, "The semantics of a simple language for parallel programming", IFIP 1974).

#include <utility>

#include "ap_fixed.h"

#ifdef __SYNTHESIS__
#include "hls_stream.h"
#else
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#ifdef FPGA_TF_THREADS
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>
#endif
#endif

// Vitis packs the fields of a row by itself.
#if defined(__SYNTHESIS__) && !defined(__VITIS_HLS__)
#define FPGA_TF_PRAGMA(text) _Pragma(#text)
#define FPGA_TF_PACK(name) FPGA_TF_PRAGMA(HLS DATA_PACK variable = name)
#else
#define FPGA_TF_PACK(name)
#endif

namespace fpga_tf {

// N values of a tensor that travel together; the interface of hls4ml's nnet::array.
template <class T, unsigned N> struct row {
    typedef T value_type;
    static const unsigned size = N;
    T data[N];
    T &operator[](unsigned i) { return data[i]; }
    const T &operator[](unsigned i) const { return data[i]; }
};

// What a stream passes: a row, or an nnet::array at the ports of the top.
template <class S> using element_of = decltype(std::declval<S &>().read());

#ifdef __SYNTHESIS__

template <class T, int DEPTH> using fifo = hls::stream<T>;

#else

#ifdef FPGA_TF_THREADS

typedef std::vector<const void *> addresses;

template <class... T> addresses addresses_of(const T *...arrays) { return {arrays...}; }

// What a process may wait for: a row of a FIFO to read, room to write one, or arrays that others fill.
class waitable {
  public:
    virtual ~waitable() {}
    virtual bool ready(bool to_read) const = 0;
    virtual const char *name() const = 0;
};

class processes {
  public:
    static processes &all() {
        static processes one;
        return one;
    }

    bool concurrent = false;

    template <class F> void run(const F &process) {
        if (concurrent) {
            begin(&call<F>, new F(process), addresses(), addresses(), "");
        } else {
            process();
        }
    }

    // Arrays that are `taken` are complete before the process begins, those it has `made` when it ends.
    template <class F>
    void run(const F &process, const addresses &taken, const addresses &made, const char *names) {
        if (concurrent) {
            begin(&call<F>, new F(process), taken, made, names);
        } else {
            process();
        }
    }

    // Until every process has ended.
    void join() {
        if (threads.empty()) {
            return;
        }
        count(-1); // who joins passes no rows meanwhile
        for (std::thread &t : threads) {
            t.join();
        }
        threads.clear();
        filled.clear();
        count(1);
    }

    void wait(std::unique_lock<std::mutex> &lock, const waitable &fifo, bool to_read) {
        waiting.push_back({&fifo, to_read});
        check();
        while (!fifo.ready(to_read)) {
            changed.wait(lock);
        }
        for (std::size_t i = 0; i < waiting.size(); i++) {
            if (waiting[i].fifo == &fifo && waiting[i].to_read == to_read) {
                waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
                break;
            }
        }
    }

    std::mutex mutex;
    std::condition_variable changed;

  private:
    struct wait_for {
        const waitable *fifo;
        bool to_read;
    };

    struct arrays : waitable {
        arrays(const addresses &wanted, const std::set<const void *> &filled, const char *names)
            : wanted(wanted), filled(filled), names(names) {}
        bool ready(bool) const override {
            return std::all_of(wanted.begin(), wanted.end(), [this](const void *x) { return filled.count(x) != 0; });
        }
        const char *name() const override { return names; }

        const addresses &wanted;
        const std::set<const void *> &filled;
        const char *names;
    };

    // Runs a process and forgets it. That each had a type of thread of its own took g++ a fifth of a build.
    template <class F> static void call(void *process) {
        F *const own = static_cast<F *>(process);
        (*own)();
        delete own;
    }

    void begin(void (*run)(void *), void *process, const addresses &taken, const addresses &made, const char *names) {
        count(1);
        threads.push_back(std::thread([this, run, process, taken, made, names]() {
            await(taken, names);
            run(process);
            complete(made);
            count(-1);
        }));
    }

    void await(const addresses &taken, const char *names) {
        std::unique_lock<std::mutex> lock(mutex);
        const arrays wanted(taken, filled, names);
        if (!wanted.ready(true)) {
            wait(lock, wanted, true);
        }
    }

    void complete(const addresses &made) {
        std::lock_guard<std::mutex> lock(mutex);
        filled.insert(made.begin(), made.end());
        changed.notify_all();
    }

    void count(int more) {
        std::lock_guard<std::mutex> lock(mutex);
        alive += more;
        check();
    }

    void check() {
        if (waiting.empty() || static_cast<int>(waiting.size()) < alive) {
            return;
        }
        for (const wait_for &w : waiting) {
            if (w.fifo->ready(w.to_read)) {
                return;
            }
        }
        std::fprintf(stderr, "deadlock:");
        for (const wait_for &w : waiting) {
            std::fprintf(stderr, " %s is %s;", w.fifo->name(), w.to_read ? "empty" : "full");
        }
        std::fprintf(stderr, "\n");
        std::_Exit(3);
    }

    std::vector<std::thread> threads;
    std::vector<wait_for> waiting;
    std::set<const void *> filled;
    int alive = 1; // the caller of the region passes rows, too
};

inline bool &concurrent() { return processes::all().concurrent; }

#endif

// The rows in a FIFO: a ring that grows. A std::deque for each type of row took g++ longer, and more memory.
template <class T> class queue {
  public:
    queue() {}
    queue(const queue &) = delete;
    queue &operator=(const queue &) = delete;
    ~queue() { delete[] rows; }

    bool empty() const { return held == 0; }
    std::size_t size() const { return held; }

    // The first row, which is then gone. None: a process ran before one that it reads from.
    T take(const char *fifo) {
        if (empty()) {
            std::fprintf(stderr, "%s: must hold a row to be read\n", fifo);
            std::exit(1);
        }
        const T taken = rows[first];
        first = first + 1 == room ? 0 : first + 1;
        held--;
        return taken;
    }

    void push_back(const T &x) {
        if (held == room) {
            grow();
        }
        const std::size_t place = first + held;
        rows[place < room ? place : place - room] = x;
        held++;
    }

  private:
    void grow() {
        const std::size_t more = room == 0 ? 4 : 2 * room;
        T *const larger = new T[more];
        for (std::size_t i = 0; i < held; i++) {
            larger[i] = rows[(first + i) % room];
        }
        delete[] rows;
        rows = larger;
        room = more;
        first = 0;
    }

    T *rows = nullptr;
    std::size_t room = 0, first = 0, held = 0;
};

#ifndef FPGA_TF_THREADS

template <class T, int DEPTH> class fifo {
    static_assert(DEPTH >= 1, "a FIFO must hold a row");

  public:
    explicit fifo(const char *name) : called(name) {}
    fifo(const fifo &) = delete;
    fifo &operator=(const fifo &) = delete;

    T read() { return rows.take(called); }

    void write(const T &x) { rows.push_back(x); }

    std::size_t size() const { return rows.size(); }

  private:
    const char *called;
    queue<T> rows;
};

#else

template <class T, int DEPTH> class fifo : private waitable {
    static_assert(DEPTH >= 1, "a FIFO must hold a row");

  public:
    explicit fifo(const char *name) : called(name) {}
    fifo(const fifo &) = delete;
    fifo &operator=(const fifo &) = delete;
    // FIFOs of a region end before anything that its processes use
    ~fifo() { processes::all().join(); }

    T read() {
        processes &all = processes::all();
        if (!all.concurrent) {
            return rows.take(called);
        }
        std::unique_lock<std::mutex> lock(all.mutex);
        if (!ready(true)) {
            all.wait(lock, *this, true);
        }
        const T first = rows.take(called);
        all.changed.notify_all();
        return first;
    }

    void write(const T &x) {
        processes &all = processes::all();
        if (!all.concurrent) {
            rows.push_back(x);
            return;
        }
        std::unique_lock<std::mutex> lock(all.mutex);
        if (!ready(false)) {
            all.wait(lock, *this, false);
        }
        rows.push_back(x);
        all.changed.notify_all();
    }

    std::size_t size() const { return rows.size(); }

  private:
    bool ready(bool to_read) const override { return to_read ? !rows.empty() : rows.size() < DEPTH; }
    const char *name() const override { return called; }

    const char *called;
    queue<T> rows;
};

#define FPGA_TF_PROCESS(...) fpga_tf::processes::all().run([&]() { __VA_ARGS__; })
// With the arrays that the process reads and fills, each list in parentheses; not those of the top's ports.
#define FPGA_TF_ARRAY_PROCESS(taken, made, ...)                                                                        \
    fpga_tf::processes::all().run([&]() { __VA_ARGS__; }, fpga_tf::addresses_of taken, fpga_tf::addresses_of made,    \
                                  #taken)
// At the end of a region: all of its processes have ended.
#define FPGA_TF_JOIN fpga_tf::processes::all().join();

#endif

#endif

#ifndef FPGA_TF_PROCESS
#define FPGA_TF_PROCESS(...) __VA_ARGS__
#define FPGA_TF_ARRAY_PROCESS(taken, made, ...) __VA_ARGS__
#define FPGA_TF_JOIN
#endif

// The first N values of `given`, in the type of a row of y.
template <unsigned N, class row_T, class out_S> void pass_row(const row_T &given, out_S &y) {
    #pragma HLS INLINE
    element_of<out_S> made;
    FPGA_TF_PACK(made)
    for (unsigned c = 0; c < N; c++) {
        #pragma HLS UNROLL
        made[c] = given[c];
    }
    y.write(made);
}

} // namespace fpga_tf

#endif
