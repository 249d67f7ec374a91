// One pass over vectors kept in a byte a number: which rows can be among the k nearest? `search.py` has the bounds.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace py = pybind11;

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

namespace {

using Codes = py::array_t<std::int8_t, py::array::c_style>;
using Steps = py::array_t<std::int16_t, py::array::c_style | py::array::forcecast>;
using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;

// scales[i] * (codes[i] . query) for each row.
FOR_EACH_PROCESSOR
void score(const std::int8_t* codes, const float* scales, const std::int16_t* query, std::int64_t rows,
           std::int64_t width, float* scores) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int8_t* code = codes + row * width;
    std::int32_t sum = 0;
    for (std::int64_t i = 0; i < width; ++i) sum += static_cast<std::int32_t>(code[i]) * query[i];
    scores[row] = scales[row] * static_cast<float>(sum);
  }
}

}  // namespace

// Rows whose score may be among the k largest, if a true score is within `errors[i] + slack` of unit * score.
py::array_t<std::int64_t> candidates(const Codes& codes, const Floats& scales, const Floats& errors, const Steps& query,
                                     float unit, float slack, std::int64_t k) {
  const std::int64_t rows = codes.shape(0), width = codes.shape(1);
  std::vector<float> scores(rows);
  std::vector<std::int64_t> found;
  {
    py::gil_scoped_release released;
    score(codes.data(), scales.data(), query.data(), rows, width, scores.data());
    std::vector<float> best;  // the k largest lower bounds, the least of them first
    float least = -std::numeric_limits<float>::infinity();
    for (std::int64_t row = 0; row < rows; ++row) {
      const float low = (scores[row] *= unit) - errors.data()[row] - slack;
      if (low <= least) continue;
      best.push_back(low);
      std::push_heap(best.begin(), best.end(), std::greater<>());
      if (static_cast<std::int64_t>(best.size()) > k) {
        std::pop_heap(best.begin(), best.end(), std::greater<>());
        best.pop_back();
      }
      if (static_cast<std::int64_t>(best.size()) == k) least = best.front();
    }
    for (std::int64_t row = 0; row < rows; ++row)
      if (scores[row] + errors.data()[row] + slack >= least) found.push_back(row);
  }
  return py::array_t<std::int64_t>(static_cast<py::ssize_t>(found.size()), found.data());
}

PYBIND11_MODULE(_scan, module) {
  module.doc() = "A pass over quantised vectors; see graphrag/retrieval/search.py.";
  module.def("candidates", &candidates);
}
