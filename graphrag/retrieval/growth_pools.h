// What growth keeps its things in: arrays that take memory where it is used, and events in the order of their times.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace growth {

using Id = std::int64_t;     // of a vertex or an edge of the graph
using Place = std::int32_t;  // in a pool

// Zeros that take memory only where they are written.
template <typename T>
class Zeros {
 public:
  explicit Zeros(Id count) : values_(static_cast<T*>(std::calloc(std::max<Id>(count, 1), sizeof(T))), &std::free) {
    if (!values_) throw std::bad_alloc();
  }
  T& operator[](Id i) const { return values_.get()[i]; }

 private:
  std::unique_ptr<T, decltype(&std::free)> values_;
};

// Memory, on huge pages where it is much and the system has them: what is read here and there is found a third faster.
inline void* allocate(std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kHuge = std::size_t{1} << 21;
  if (bytes >= kHuge) {
    bytes = (bytes + kHuge - 1) / kHuge * kHuge;
    void* block = std::aligned_alloc(kHuge, bytes);
    if (block) madvise(block, bytes, MADV_HUGEPAGE);
    return block;
  }
#endif
  return std::malloc(bytes);
}

// A vector of what needs no construction.
template <typename T>
class Pool {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { std::free(values_); }

  Place size() const { return size_; }
  T& operator[](Place i) { return values_[i]; }
  const T& operator[](Place i) const { return values_[i]; }
  T* begin() const { return values_; }
  T* end() const { return values_ + size_; }
  T& back() { return values_[size_ - 1]; }
  void pop_back() { --size_; }
  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }

  void reserve(Id count) {
    if (count <= capacity_) return;
    if (count > std::numeric_limits<Place>::max()) throw std::bad_alloc();
    capacity_ = static_cast<Place>(std::min<Id>(std::max<Id>(2 * Id{capacity_}, count), std::numeric_limits<Place>::max()));
    void* larger = allocate(static_cast<std::size_t>(capacity_) * sizeof(T));
    if (!larger) throw std::bad_alloc();
    if (size_ > 0) std::memcpy(larger, values_, static_cast<std::size_t>(size_) * sizeof(T));
    std::free(values_);
    values_ = static_cast<T*>(larger);
  }

  void assign(Place count, const T& value) {
    reserve(count);
    size_ = count;
    std::fill(begin(), end(), value);
  }

  void push_back(const T& value) {
    if (size_ == capacity_) reserve(Id{size_} + 64);
    values_[size_++] = value;
  }

 private:
  T* values_ = nullptr;
  Place size_ = 0, capacity_ = 0;
};

// A cluster's time to die or to look at an edge; of equal times the lowest label comes first.
struct Event {
  double time;
  Id label;
  Place cluster;
  bool operator>(const Event& other) const { return time > other.time || (time == other.time && label > other.label); }
  bool operator<(const Event& other) const { return other > *this; }
};

// Events in their order: those of the start, sorted once, and a heap of all that came later.
class Agenda {
 public:
  void add_first(const Event& event) { sorted_.push_back(event); }

  void start() {
    if (!std::is_sorted(sorted_.begin(), sorted_.end())) std::sort(sorted_.begin(), sorted_.end());
  }

  void add(const Event& event) {
    later_.push_back(event);
    std::push_heap(later_.begin(), later_.end(), std::greater<>());
  }

  // The first that still stands; the others before it are dropped.
  template <typename Stands>
  const Event* first(Stands stands) {
    for (;;) {
      const Event* one = next_ < sorted_.size() ? &sorted_[next_] : nullptr;
      const Event* two = later_.empty() ? nullptr : later_.begin();
      const Event* found = one && (!two || *one < *two) ? one : two;
      if (!found || stands(*found)) return found;
      drop(found);
    }
  }

  void drop(const Event* event) {
    if (next_ < sorted_.size() && event == &sorted_[next_]) {
      ++next_;
      return;
    }
    std::pop_heap(later_.begin(), later_.end(), std::greater<>());
    later_.pop_back();
  }

 private:
  Pool<Event> sorted_, later_;
  Place next_ = 0;
};

}  // namespace growth
