// Goemans-Williamson growth for the prize-collecting Steiner tree, event for event that of pcst-fast (Hegde, Indyk and
// Schmidt, ICML 2015; github.com/fraenkel-lab/pcst_fast), but setting up only the vertices that merge.
//
// pcst-fast begins with every vertex and edge. Yet a vertex without a prize stops growing at time 0, and until it is
// merged all that happens to it is that edges to it are half covered. So here it is a short list of those edges; its
// heap is made when it merges, in the order in which pcst-fast would have made it, and the list is replayed on it.
// Whatever decides between events of equal times is kept as it is there: ids of clusters, the shape of the pairing
// heaps, the order of floating-point sums. What happens at time 0, most of the work where a common text has a prize, is
// found in one go. `growth.py` says what this is for.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "growth_pools.h"

namespace py = pybind11;

namespace {

using Ids = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;
using Values = py::array_t<double, py::array::c_style | py::array::forcecast>;
using growth::Agenda, growth::Event, growth::Id, growth::Place, growth::Pool, growth::Zeros;

constexpr double kNear = 1e-6;  // the share left of an edge that is taken for nothing
constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr Place kNone = -1;
constexpr Place kRest = -2;  // among the children of an end: the ends of its vertex that have not been made yet
constexpr Id kDone = std::numeric_limits<Id>::min();

// The edges that have a cost of their own (cheap) or are vertices (dear), found by id in constant time.
class Special {
 public:
  Special(const Ids& cheap, const Ids& dear, Id num_edges) : bits_(num_edges / 64 + 1), before_(num_edges / 64 + 1) {
    const Id *one = cheap.data(), *two = dear.data(), *end_one = one + cheap.size(), *end_two = two + dear.size();
    places_.reserve(cheap.size() + dear.size());
    for (Id last = -1; one != end_one || two != end_two;) {
      const bool is_dear = one == end_one || (two != end_two && *two < *one);
      const Id edge = is_dear ? *two : *one, word = edge >> 6;
      if (word != last) before_[last = word] = static_cast<Id>(places_.size());
      bits_[word] |= std::uint64_t{1} << (edge & 63);
      places_.push_back(is_dear ? two++ - dear.data() : -1 - (one++ - cheap.data()));
    }
  }

  bool has(Id edge) const { return bits_[edge >> 6] >> (edge & 63) & 1; }

  // Of one of them: its place among the dear, or -1 - its place among the cheap.
  Id place_of(Id edge) const {
    const std::uint64_t below = bits_[edge >> 6] & ((std::uint64_t{1} << (edge & 63)) - 1);
    return places_[before_[edge >> 6] + static_cast<Id>(std::bitset<64>(below).count())];
  }

 private:
  Zeros<std::uint64_t> bits_;
  Zeros<Id> before_;  // of a word, how many there are before its first
  std::vector<Id> places_;
};

// The graph: N vertices and E edges, of which some have a cost of their own, and some (the dear ones) a prize that makes
// a vertex of them. The middle of dear edge i is vertex N + i, its halves are edges E + 2 i and E + 2 i + 1.
struct Graph {
  const Id* indptr;
  const Id* incident;
  const Id* source;
  const Id* target;
  Id num_nodes, num_edges;
  const double* costs;  // [E], or one
  bool one_cost;
  const Id* cheap;
  const double* cheap_costs;
  Id num_cheap;
  const Id* dear;
  Id num_dear;
  Special special;

  // Its place among the dear edges, or -1 and what it costs.
  std::pair<Id, double> dear_or_cost(Id edge) const {
    if (!special.has(edge)) return {-1, one_cost ? costs[0] : costs[edge]};
    const Id place = special.place_of(edge);
    return place >= 0 ? std::make_pair(place, 0.0) : std::make_pair(Id{-1}, cheap_costs[-1 - place]);
  }
};

// One end of an edge: it waits in its cluster's pairing heap for the time when the edge is to be looked at.
struct End {
  Place sibling, child, left_up;
  Place vertex;
  double value, child_offset;
  double next;  // how much of the edge this end will have covered then
  double cost;
  Id key;    // 2 edge + side
  Id other;  // the vertex at the other end; or -1 - that end, once it is known; or that the edge is done with
};
static_assert(sizeof(End) == 64);

// A vertex that merged, or a terminal. Its ends are made as they are needed; each of the blocks is in the order of keys.
struct Vertex {
  Id id;
  Place own;  // its own cluster
  Place halves, num_halves;  // ends of the halves of dear edges
  Place root;  // of the heap of its other ends as it was at the start: that end, or none
  Place rest, num_rest;  // all others of them, or none yet
};

struct Cluster {
  Id label;  // decides between clusters of equal times: a vertex's id, then counted on as clusters merge
  Place heap = kNone;
  bool active = true;
  double start = 0, end = 0;
  double moat = 0;
  double prizes = 0, moats = 0;  // of all in it
  Place merged_into = kNone;
  double planned = kNever;  // when it looks at an edge next
  Place skip_up = kNone;  // a shorter way up, and the moats along it
  double skip_sum = 0;
  bool necessary = false;
};

struct Merge {
  Id edge;
  double cost;
  Place source, target;  // vertices
  Place inactive;  // the cluster that did not grow
  Place active_vertex, inactive_vertex;
};

// An edge that a growing cluster has half covered, at a vertex that has not merged.
struct Touch {
  Id key;  // of the end there
  Place before;
};

class Growth {
 public:
  explicit Growth(const Graph& graph)
      : graph_(graph), known_(graph.num_nodes + graph.num_dear) {}

  void solve(const Id* terminals, const double* prizes, Id count) {
    terminals_ = active_ = static_cast<Place>(count);
    prizes_ = prizes;
    if (dear_edges_join_first(terminals, count)) {
      join_dear_edges(terminals);
    } else {
      for (Id i = 0; i < count; ++i) begin(set_up(terminals[i]), prizes[i]);
      each_end_of_dear_edges([this](Id id) { set_up(id); });
    }
    deaths_.start();
    looks_.start();
    grow();
    prune();
  }

  py::dict result() const {
    py::dict out;
    out["nodes"] = array(nodes_);
    out["edges"] = array(edges_);
    out["worth"] = worth_;
    out["dual"] = dual_;
    out["merged"] = Id{vertices_.size()};
    out["looked_at"] = Id{ends_.size()};
    return out;
  }

 private:
  struct Covered {
    double sum;       // by an end, until now
    double finished;  // without what its cluster grows just now
    Place cluster;
  };

  struct Passed {
    Place cluster;
    double sum;  // of the moats below
  };

  static py::array_t<Id> array(const std::vector<Id>& values) {
    return py::array_t<Id>(static_cast<py::ssize_t>(values.size()), values.data());
  }

  // --- vertices -----------------------------------------------------------------------------------------------------

  // A vertex with its heap as pcst-fast has it at the start, and then all that touched it.
  Place set_up(Id id) {
    const Place touched = known_[id], v = add_vertex(id);
    clusters_.back().heap = id < graph_.num_nodes ? heap_of_a_node(v) : heap_of_a_middle(v);
    replay(v, touched);
    return v;
  }

  Place add_vertex(Id id) {
    const Place v = vertices_.size();
    vertices_.push_back({id, clusters_.size(), ends_.size(), 0, kNone, kNone, 0});
    Cluster cluster;
    cluster.label = id;
    cluster.active = false;
    clusters_.push_back(cluster);
    known_[id] = v + 1;
    return v;
  }

  // A terminal's own cluster grows from the start.
  void begin(Place v, double prize) {
    const Place own = vertices_[v].own;
    clusters_[own].prizes = prize;
    clusters_[own].active = true;
    announce(own);
  }

  // Events of a cluster that grows from time 0.
  void announce(Place at) {
    Cluster& cluster = clusters_[at];
    deaths_.add_first({cluster.prizes, cluster.label, at});
    if (cluster.heap == kNone) return;
    cluster.planned = ends_[cluster.heap].value;
    looks_.add_first({cluster.planned, cluster.label, at});
  }

  // The vertices at the ends of dear edges merge at time 0. In the order of their ids memory is read faster.
  template <typename Visit>
  void each_end_of_dear_edges(Visit visit) const {
    std::vector<std::uint64_t> marks(graph_.num_nodes / 64 + 1);
    for (Id i = 0; i < graph_.num_dear; ++i)
      for (const Id* side : {graph_.source, graph_.target})
        if (const Id id = side[graph_.dear[i]]; known_[id] == 0) marks[id >> 6] |= std::uint64_t{1} << (id & 63);
    for (Id word = 0; word <= graph_.num_nodes / 64; ++word)
      for (Id bit = 0; bit < 64 && marks[word] >> bit; ++bit)
        if (marks[word] >> bit & 1) visit(64 * word + bit);
  }

  Place heap_of_a_middle(Place v) {
    const Id i = vertices_[v].id - graph_.num_nodes, edge = graph_.num_edges + 2 * i;
    const Place first = add_end(v, 2 * edge + 1, 0.0, graph_.source[graph_.dear[i]]);
    const Place second = add_end(v, 2 * (edge + 1), 0.0, graph_.target[graph_.dear[i]]);
    vertices_[v].num_halves = 2;
    return link(first, second);
  }

  // Edges go into the heap in the order of their ids, halves last. So the root is the last of the cheapest edges, what
  // came before and after it are its children, and above it come the halves: only these are made now.
  Place heap_of_a_node(Place v) {
    const Id id = vertices_[v].id;
    Id cheapest = -1, count = 0;
    double least = kNever;
    dear_.clear();
    for (Id at = graph_.indptr[id]; at < graph_.indptr[id + 1]; ++at) {
      const Id edge = graph_.incident[at];
      const auto [i, cost] = graph_.dear_or_cost(edge);
      if (i >= 0) {
        dear_.push_back(i);
        continue;
      }
      ++count;
      if (cost <= least) least = cost, cheapest = edge;
    }
    Place heap = count > 0 ? make_root(v, cheapest, least, count > 1) : kNone;
    vertices_[v].halves = ends_.size();
    for (const Id i : dear_) {
      const Id half = graph_.num_edges + 2 * i, middle = graph_.num_nodes + i;
      if (graph_.source[graph_.dear[i]] == id) heap = link(heap, add_end(v, 2 * half, 0.0, middle));
      if (graph_.target[graph_.dear[i]] == id) heap = link(heap, add_end(v, 2 * (half + 1) + 1, 0.0, middle));
    }
    vertices_[v].num_halves = ends_.size() - vertices_[v].halves;
    return heap;
  }

  // The end at a vertex of the last of its cheapest edges; `more`: there are other edges.
  Place make_root(Place v, Id edge, double cost, bool more) {
    const bool loop = graph_.source[edge] == graph_.target[edge];
    const int side = graph_.source[edge] != vertices_[v].id || loop;  // a loop's second end comes after its first
    const Place root = add_end(v, 2 * edge + side, cost, (side ? graph_.source : graph_.target)[edge]);
    if (more || loop) ends_[root].child = kRest;
    return vertices_[v].root = root;
  }

  // The children that the root of a vertex had at the start, first to last.
  Place make_rest(Place v) {
    const Id id = vertices_[v].id, first = graph_.indptr[id], last = graph_.indptr[id + 1];
    const Place root = vertices_[v].root, rest = ends_.size();
    const Id key = ends_[root].key;
    ends_.reserve(Id{rest} + 2 * (last - first));
    Place children = kNone;
    bool before = true;
    for (Id at = first; at < last; ++at) {
      const Id edge = graph_.incident[at];
      const auto [i, cost] = graph_.dear_or_cost(edge);
      if (i >= 0) continue;
      const Id source = graph_.source[edge], target = graph_.target[edge];
      for (const int side : {0, 1}) {
        if ((side ? target : source) != id) continue;
        if (2 * edge + side == key) {
          before = false;
          continue;
        }
        const Place end = add_end(v, 2 * edge + side, cost, side ? source : target);
        if (before) {
          children = link(children, end);
        } else {
          ends_[end].sibling = children;
          if (children != kNone) ends_[children].left_up = end;
          children = end;
        }
      }
    }
    vertices_[v].rest = rest;
    vertices_[v].num_rest = ends_.size() - rest;
    return children;
  }

  Place add_end(Place v, Id key, double cost, Id other) {
    const double half = cost / 2.0;
    ends_.push_back({kNone, kNone, kNone, v, half, 0.0, half, cost, key, other});
    return ends_.size() - 1;
  }

  // What growing clusters did to a vertex before it merged: it had stopped at time 0, having covered nothing.
  void replay(Place v, Place touched) {
    if (touched >= 0) return;
    order_.clear();
    for (Place at = -touched - 1; at != kNone; at = touches_[at].before) order_.push_back(at);
    Place& heap = clusters_[vertices_[v].own].heap;
    for (; !order_.empty(); order_.pop_back()) {
      const Place end = end_at(v, touches_[order_.back()].key);
      decrease(heap, end, ends_[end].next, 0.0);
      ends_[end].next = 0.0;
    }
  }

  // An end by its key, at a vertex that is set up.
  Place end_at(Place v, Id key) {
    if (key >= 2 * graph_.num_edges) return find(vertices_[v].halves, vertices_[v].num_halves, key);
    const Place root = vertices_[v].root;
    if (ends_[root].key == key) return root;
    if (vertices_[v].rest == kNone) {
      const Place children = make_rest(v);
      Place last = kNone;
      for (Place child = ends_[root].child; child != kRest; child = ends_[child].sibling) last = child;
      (last == kNone ? ends_[root].child : ends_[last].sibling) = children;
      ends_[children].left_up = last == kNone ? root : last;
    }
    return find(vertices_[v].rest, vertices_[v].num_rest, key);
  }

  Place find(Place first, Place count, Id key) const {
    const End* from = &ends_[first];
    return first + static_cast<Place>(
        std::lower_bound(from, from + count, key, [](const End& end, Id wanted) { return end.key < wanted; }) - from);
  }

  // --- time 0 -------------------------------------------------------------------------------------------------------

  // Where a text that many edges share has a prize, a great many dear edges begin at once. Their halves cost nothing, so
  // they join their ends before anything else happens. All times, moats and offsets are 0 then: clusters take turns in
  // the order of their labels, and a new one, whose label is the largest, comes last. So what becomes of them, the
  // shape of the heaps included, is found with a few bytes a half, without ends, clusters and events in between.

  struct Slot {  // in a heap: a half of a dear edge, or all other ends of a vertex
    Place sibling, child;
    float value;
  };

  struct Group {  // vertices that have joined, kept at one of them, the parent of the others
    Place size, heap, turn;
    double prizes;
    bool active;
  };

  // Whether nothing else can happen at time 0: the middles are all terminals, and other edges cost something, the cheap
  // ones less than the rest, all of them a float's worth.
  bool dear_edges_join_first(const Id* terminals, Id count) const {
    const Id dear = graph_.num_dear;
    return dear > 0 && count >= dear && terminals[count - dear] == graph_.num_nodes && graph_.one_cost &&
           graph_.costs[0] > 0 && 5 * dear + graph_.num_nodes < std::numeric_limits<Place>::max() &&
           std::all_of(graph_.cheap_costs, graph_.cheap_costs + graph_.num_cheap, 
                       [this](double cost) { return 0 < cost && cost < graph_.costs[0] && cost == static_cast<float>(cost); });
  }

  void join_dear_edges(const Id* terminals) {
    const Place dear = static_cast<Place>(graph_.num_dear);
    middles_ = terminals_ - dear;
    vertices_.reserve(terminals_ + 2 * Id{dear});
    for (Place v = 0; v < middles_; ++v) add_vertex(terminals[v]);
    for (Place v = middles_; v < terminals_; ++v) vertices_.push_back({terminals[v], kNone, 0, 0, kNone, kNone, 0});
    each_end_of_dear_edges([this](Id id) { add_vertex(id); });
    make_roots();
    make_slots(dear);
    for (Place turn = 0; turn < queue_.size() && active_ > 1; ++turn) take_turn(turn);
    make_clusters();
  }

  // As `heap_of_a_node` does, but without reading all of a vertex's edges.
  void make_roots() {
    struct Found {
      Id edge = -1;
      double cost = kNever;
      int others = -1;
    };
    std::vector<Found> found(vertices_.size());
    for (Place v = 0; v < vertices_.size(); ++v) {
      if (vertices_[v].own == kNone) continue;
      Found& root = found[v];
      const Id id = vertices_[v].id, first = graph_.indptr[id];
      for (Id at = graph_.indptr[id + 1]; at > first && (root.edge < 0 || root.others < 1);) {
        const Id edge = graph_.incident[--at];
        if (!graph_.special.has(edge)) {
          if (root.edge < 0) root.edge = edge, root.cost = graph_.costs[0];
        } else if (graph_.special.place_of(edge) >= 0) {
          continue;
        }
        ++root.others;
      }
    }
    for (Id i = 0; i < graph_.num_cheap; ++i)
      for (const Id* side : {graph_.source, graph_.target})
        if (const Place v = known_[side[graph_.cheap[i]]] - 1; v >= 0 && graph_.cheap_costs[i] <= found[v].cost)
          found[v].edge = graph_.cheap[i], found[v].cost = graph_.cheap_costs[i];
    for (Place v = 0; v < vertices_.size(); ++v)
      if (found[v].edge >= 0)
        clusters_[vertices_[v].own].heap = make_root(v, found[v].edge, found[v].cost, found[v].others > 0);
  }

  // Of dear edge i slots 4 i and 4 i + 1 are at its middle, 4 i + 2 at its source, 4 i + 3 at its target: the one at the
  // other end differs by 2. Behind them comes a slot for each vertex.
  void make_slots(Place dear) {
    num_halves_ = 4 * dear;
    slots_.assign(num_halves_ + vertices_.size(), {kNone, kNone, 0});
    done_.assign(num_halves_, false);
    at_.reserve(2 * Id{dear});
    merges_.reserve(2 * Id{dear});
    groups_.reserve(vertices_.size());
    parents_.reserve(vertices_.size());
    queue_.reserve(terminals_ + 2 * Id{dear});
    for (Place v = 0; v < vertices_.size(); ++v) {
      const bool active = v < terminals_;
      const Place heap = vertices_[v].root == kNone ? kNone : num_halves_ + v;
      parents_.push_back(v);
      if (heap != kNone) slots_[heap].value = static_cast<float>(ends_[vertices_[v].root].cost);
      groups_.push_back({1, heap, v, active ? prizes_[v] : 0.0, active});
      if (active) queue_.push_back(v);
    }
    for (Place i = 0; i < dear; ++i) {
      const Id edge = graph_.dear[i];
      const Place source = known_[graph_.source[edge]] - 1, target = known_[graph_.target[edge]] - 1;
      at_.push_back(source);
      at_.push_back(target);
      groups_[middles_ + i].heap = link_slots(4 * i, 4 * i + 1);
      groups_[source].heap = link_slots(groups_[source].heap, 4 * i + 2);
      groups_[target].heap = link_slots(groups_[target].heap, 4 * i + 3);
    }
  }

  // A cluster looks along its halves until it joins another or has none left.
  void take_turn(Place turn) {
    const Place here = queue_[turn];
    if (parents_[here] != here || groups_[here].turn != turn) return;  // it has joined another meanwhile
    while (groups_[here].heap != kNone && groups_[here].heap < num_halves_) {
      const Place half = groups_[here].heap;
      groups_[here].heap = pop_slot(half);
      if (done_[half]) continue;
      done_[half ^ 2] = true;
      const Place there = group_of(vertex_at(half ^ 2));
      if (here != there) return join(half, here, there);
    }
  }

  void join(Place half, Place here, Place there) {
    Group &one = groups_[here], &two = groups_[there];
    const Place v = vertex_at(half), w = vertex_at(half ^ 2), side = half & 3;
    const bool at_target = side == 0 || side == 3;
    merges_.push_back({graph_.num_edges + half / 4 * 2 + half % 2, 0.0, at_target ? w : v, at_target ? v : w,
                       two.active ? kNone : vertices_[w].own, v, w});
    if (two.active) --active_;
    const Place kept = one.size < two.size ? there : here;
    parents_[kept == here ? there : here] = kept;
    groups_[kept] = {one.size + two.size, link_slots(one.heap, two.heap), queue_.size(), one.prizes + two.prizes, true};
    queue_.push_back(kept);
  }

  Place vertex_at(Place half) const { return half & 2 ? at_[half / 4 * 2 + (half & 1)] : middles_ + half / 4; }

  Place group_of(Place v) {
    while (parents_[v] != v) v = parents_[v] = parents_[parents_[v]];
    return v;
  }

  Place link_slots(Place one, Place two) {
    if (one == kNone) return two;
    if (two == kNone) return one;
    const bool first = slots_[one].value < slots_[two].value;
    const Place small = first ? one : two, large = first ? two : one;
    slots_[large].sibling = slots_[small].child;
    slots_[small].child = large;
    return small;
  }

  Place pop_slot(Place top) {
    buffer_.clear();
    for (Place child = slots_[top].child, next; child != kNone; child = next) {
      buffer_.push_back(child);
      next = slots_[child].sibling;
    }
    Place pairs = 0, heap = kNone;
    for (Place i = 0; i < buffer_.size(); i += 2)
      buffer_[pairs++] = i + 1 < buffer_.size() ? link_slots(buffer_[i], buffer_[i + 1]) : buffer_[i];
    for (; pairs > 0; --pairs) heap = link_slots(heap, buffer_[pairs - 1]);
    return heap;
  }

  // The clusters that there are when time begins to run; those in between have had no time and are left out.
  void make_clusters() {
    const auto root = [this](Place slot) { return vertices_[slot - num_halves_].root; };
    std::vector<Place> made(vertices_.size(), kNone);
    const auto make = [&](Place group, Id label) {
      Cluster cluster;
      cluster.label = label;
      cluster.prizes = groups_[group].prizes;
      if (groups_[group].heap >= num_halves_) cluster.heap = root(groups_[group].heap);
      made[group] = clusters_.size();
      clusters_.push_back(cluster);
    };
    for (Place turn = terminals_; turn < queue_.size(); ++turn)
      if (const Place group = queue_[turn]; parents_[group] == group && groups_[group].turn == turn)
        make(group, graph_.num_nodes + graph_.num_dear + turn - terminals_);
    for (Place v = 0; v < vertices_.size(); ++v) {
      const Place group = group_of(v), own = vertices_[v].own;
      if (own == kNone) {
        if (made[group] == kNone) make(group, vertices_[v].id);
        vertices_[v].own = made[group];
      } else if (made[group] != kNone) {
        clusters_[own].merged_into = made[group];
      } else if (v < terminals_) {
        begin(v, prizes_[v]);
      }
    }
    for (const Place at : made)
      if (at != kNone) announce(at);
    if (active_ <= 1) return;  // nothing will be looked at any more
    for (Place v = 0; v < vertices_.size(); ++v) {
      Place above = vertices_[v].root;
      if (above == kNone || slots_[num_halves_ + v].child == kNone) continue;
      const Place rest = ends_[above].child;
      for (Place slot = slots_[num_halves_ + v].child; slot != kNone; slot = slots_[slot].sibling) {
        (above == vertices_[v].root ? ends_[above].child : ends_[above].sibling) = root(slot);
        ends_[root(slot)].left_up = above;
        above = root(slot);
      }
      ends_[above].sibling = rest;
    }
  }

  // --- pairing heaps ------------------------------------------------------------------------------------------------

  Place link(Place one, Place two) {
    if (one == kNone) return two;
    if (two == kNone) return one;
    const bool first = ends_[one].value < ends_[two].value;
    const Place small = first ? one : two, large = first ? two : one;
    End &above = ends_[small], &below = ends_[large];
    below.sibling = above.child;
    if (below.sibling >= 0) ends_[below.sibling].left_up = large;
    below.left_up = small;
    above.child = large;
    below.value -= above.child_offset;
    below.child_offset -= above.child_offset;
    return small;
  }

  void add_to_all(Place heap, double value) {
    if (heap == kNone) return;
    ends_[heap].value += value;
    ends_[heap].child_offset += value;
  }

  void decrease(Place& heap, Place at, double from, double to) {
    End& end = ends_[at];
    end.child_offset += from - end.value;
    end.value = to;
    if (end.left_up == kNone) return;
    End& other = ends_[end.left_up];
    (other.child == at ? other.child : other.sibling) = end.sibling;
    if (end.sibling >= 0) ends_[end.sibling].left_up = end.left_up;
    end.left_up = end.sibling = kNone;
    heap = link(heap, at);
  }

  void pop(Place& heap) {
    const double offset = ends_[heap].child_offset;
    buffer_.clear();
    ends_[heap].left_up = ends_[heap].sibling = kNone;
    for (Place child = ends_[heap].child, next; child != kNone; child = next) {
      if (child == kRest) child = make_rest(ends_[heap].vertex);
      End& end = ends_[child];
      buffer_.push_back(child);
      next = end.sibling;
      end.left_up = end.sibling = kNone;
      end.value += offset;
      end.child_offset += offset;
    }
    ends_[heap].child = kNone;
    ends_[heap].child_offset = 0;
    Place pairs = 0;
    for (Place i = 0; i < buffer_.size(); i += 2)
      buffer_[pairs++] = i + 1 < buffer_.size() ? link(buffer_[i], buffer_[i + 1]) : buffer_[i];
    heap = kNone;
    for (; pairs > 0; --pairs) heap = link(heap, buffer_[pairs - 1]);
  }

  void insert(Place& heap, Place at, double value) {
    ends_[at].value = value;
    heap = link(heap, at);
  }

  // --- growth -------------------------------------------------------------------------------------------------------

  // Plan a cluster's next look at an edge. Plans that were changed since are passed over when their time comes.
  void plan(Place at) {
    Cluster& cluster = clusters_[at];
    const double time = cluster.heap == kNone ? kNever : ends_[cluster.heap].value;
    if (time == cluster.planned) return;
    cluster.planned = time;
    if (time != kNever) looks_.add({time, cluster.label, at});
  }

  Covered covered_of(Place vertex) {
    Place at = vertices_[vertex].own;
    double sum = 0;
    path_.clear();
    while (clusters_[at].merged_into != kNone) {
      const Cluster& cluster = clusters_[at];
      path_.push_back({at, sum});
      sum += cluster.skip_up != kNone ? cluster.skip_sum : cluster.moat;
      at = cluster.skip_up != kNone ? cluster.skip_up : cluster.merged_into;
    }
    for (const Passed& passed : path_) {
      clusters_[passed.cluster].skip_up = at;
      clusters_[passed.cluster].skip_sum = sum - passed.sum;
    }
    const Cluster& cluster = clusters_[at];
    if (cluster.active) return {sum + (now_ - cluster.start), sum, at};
    sum += cluster.moat;
    return {sum, sum, at};
  }

  void grow() {
    const auto lives = [this](const Event& event) { return clusters_[event.cluster].active; };
    const auto planned = [this](const Event& event) {
      return clusters_[event.cluster].active && clusters_[event.cluster].planned == event.time;
    };
    while (active_ > 1) {
      const Event* death = deaths_.first(lives);
      const Event* look = looks_.first(planned);
      if (look && look->time < death->time) {
        now_ = look->time;
        const Place growing = look->cluster;
        looks_.drop(look);
        look_at(growing);
      } else {
        now_ = death->time;
        const Place dying = death->cluster;
        deaths_.drop(death);
        stop(dying, now_);
      }
    }
  }

  void stop(Place at, double time) {
    Cluster& cluster = clusters_[at];
    cluster.active = false;
    cluster.end = time;
    cluster.moat = cluster.end - cluster.start;
    --active_;
  }

  // The edge that a growing cluster has come to.
  void look_at(Place growing) {
    const Place end = clusters_[growing].heap;
    pop(clusters_[growing].heap);
    clusters_[growing].planned = kNever;
    look_along(end, growing);
    if (clusters_[growing].active) plan(growing);
  }

  void look_along(Place end, Place growing) {
    if (ends_[end].other == kDone) return;
    const double cost = ends_[end].cost;
    const Covered here = covered_of(ends_[end].vertex);
    if (ends_[end].other >= 0) {
      const Id id = ends_[end].other;
      const Place known = known_[id];
      if (known <= 0) return look_at_new(end, id, known, here);
      const Place other = end_at(known - 1, ends_[end].key ^ 1);
      ends_[end].other = -1 - Id{other};
      ends_[other].other = -1 - Id{end};
    }
    const Place other_end = static_cast<Place>(-1 - ends_[end].other);
    const Covered there = covered_of(ends_[other_end].vertex);
    const double left = cost - here.sum - there.sum;
    if (here.cluster == there.cluster) {
      ends_[other_end].other = kDone;
    } else if (left < kNear * cost || left == 0.0) {
      merge(end, other_end, here.cluster, there.cluster, left);
    } else {
      Cluster& other = clusters_[there.cluster];
      if (other.active) {
        const double time = now_ + left / 2.0;
        ends_[end].next = here.sum + left / 2.0;
        insert(clusters_[growing].heap, end, time);
        decrease(other.heap, other_end, other.start + ends_[other_end].next - there.finished, time);
        ends_[other_end].next = there.sum + left / 2.0;
        plan(there.cluster);
      } else {
        ends_[end].next = cost - there.finished;
        insert(clusters_[growing].heap, end, now_ + left);
        decrease(other.heap, other_end, other.end + ends_[other_end].next - there.finished, other.end);
        ends_[other_end].next = there.finished;
      }
    }
  }

  // An edge to a vertex that has not merged.
  void look_at_new(Place end, Id id, Place known, const Covered& here) {
    const double cost = ends_[end].cost, left = cost - here.sum;
    const Id there = ends_[end].key ^ 1;
    if (left < kNear * cost || left == 0.0) {
      const Place other = set_up(id), own = vertices_[other].own;
      return merge(end, end_at(other, there), here.cluster, own, left);
    }
    ends_[end].next = cost;
    insert(clusters_[here.cluster].heap, end, now_ + left);
    touches_.push_back({there, known < 0 ? -known - 1 : kNone});
    known_[id] = -touches_.size();
  }

  void merge(Place end, Place other_end, Place here, Place there, double left) {
    const Place active = ends_[end].vertex, other = ends_[other_end].vertex;
    const Id key = ends_[end].key;
    Merge merge{key / 2, ends_[end].cost, key & 1 ? other : active, key & 1 ? active : other, kNone, active, other};
    ends_[other_end].other = kDone;
    const double time = now_ + left;
    stop(here, time);
    if (clusters_[there].active) {
      stop(there, time);
    } else {
      add_to_all(clusters_[there].heap, time - clusters_[there].end);
      merge.inactive = there;
    }
    Cluster cluster;
    cluster.label = graph_.num_nodes + graph_.num_dear + merges_.size();
    cluster.prizes = clusters_[here].prizes + clusters_[there].prizes;
    cluster.moats = clusters_[here].moats + clusters_[there].moats;
    cluster.moats += clusters_[here].moat;
    cluster.moats += clusters_[there].moat;
    cluster.start = time;
    cluster.heap = link(clusters_[here].heap, clusters_[there].heap);
    const Place made = clusters_.size();
    clusters_[here].merged_into = clusters_[there].merged_into = made;
    clusters_.push_back(cluster);
    merges_.push_back(merge);
    ++active_;
    deaths_.add({time + cluster.prizes - cluster.moats, cluster.label, made});
    plan(made);
  }

  // --- pruning ------------------------------------------------------------------------------------------------------

  // Backwards through the merges of the cluster that is left: what had stopped growing goes again unless something that
  // stays hangs on it.
  void prune() {
    std::vector<char> good(vertices_.size(), 0), gone(vertices_.size(), 0);
    std::vector<Place> open;
    double deepest = 0;
    for (Place v = 0; v < terminals_; ++v) deepest = std::max(deepest, covered_of(v).sum);
    for (Place at = 0; at < clusters_.size(); ++at) {
      const Cluster& cluster = clusters_[at];
      dual_ += cluster.active ? now_ - cluster.start : cluster.moat;
    }
    dual_ -= deepest;  // only terminals have been there from the start
    for (Place v = 0; v < vertices_.size(); ++v) good[v] = clusters_[covered_of(v).cluster].active;
    std::vector<Place> first(vertices_.size() + 1, 0);  // of a vertex's neighbours in the tree
    const auto each_way = [&](auto visit) {
      for (const Merge& merge : merges_)
        if (good[merge.source] && good[merge.target]) visit(merge.source, merge.target), visit(merge.target, merge.source);
    };
    each_way([&](Place from, Place) { ++first[from + 1]; });
    for (Place v = 0; v < vertices_.size(); ++v) first[v + 1] += first[v];
    std::vector<Place> neighbours(first.back()), free(first.begin(), first.end() - 1);
    each_way([&](Place from, Place to) { neighbours[free[from]++] = to; });
    for (const Merge* merge = merges_.end(); merge-- != merges_.begin();) {
      if (!good[merge->source] || !good[merge->target]) continue;
      if (gone[merge->source] && gone[merge->target]) continue;
      if (merge->inactive == kNone || clusters_[merge->inactive].necessary) {
        need(merge->source);
        need(merge->target);
        edges_.push_back(merge->edge);
        worth_ -= merge->cost;
        continue;
      }
      open.assign(1, merge->inactive_vertex);
      gone[merge->inactive_vertex] = 1;
      while (!open.empty()) {
        const Place v = open.back();
        open.pop_back();
        for (Place at = first[v]; at < first[v + 1]; ++at) {
          const Place next = neighbours[at];
          if (next != merge->active_vertex && !gone[next]) gone[next] = 1, open.push_back(next);
        }
      }
    }
    for (Place v = 0; v < vertices_.size(); ++v)
      if (good[v] && !gone[v]) {
        nodes_.push_back(vertices_[v].id);
        if (v < terminals_) worth_ += prizes_[v];
      }
    std::sort(nodes_.begin(), nodes_.end());
    std::sort(edges_.begin(), edges_.end());
  }

  void need(Place v) {
    for (Place at = vertices_[v].own; at != kNone && !clusters_[at].necessary; at = clusters_[at].merged_into)
      clusters_[at].necessary = true;
  }

  const Graph& graph_;
  Zeros<Place> known_;  // of a vertex: its place + 1 once it merged; before, -1 - the last touch of it, if there was one
  Pool<Vertex> vertices_;
  Pool<End> ends_;
  Pool<Cluster> clusters_;
  Pool<Touch> touches_;
  Pool<Merge> merges_;
  Agenda deaths_, looks_;
  double now_ = 0;
  Place terminals_ = 0, active_ = 0;
  const double* prizes_ = nullptr;  // of terminals
  Place middles_ = 0;               // the first of them among the terminals
  Place num_halves_ = 0;
  Pool<Slot> slots_;
  std::vector<bool> done_;  // of a half: nothing is to be seen along it
  Pool<Place> at_, queue_;  // the vertices at the ends of dear edges; whose turn it is
  Pool<Place> parents_;
  Pool<Group> groups_;
  std::vector<Id> nodes_, edges_;
  double worth_ = 0, dual_ = 0;
  Pool<Place> buffer_, order_;  // used again and again
  Pool<Id> dear_;
  Pool<Passed> path_;
};

}  // namespace

py::dict grow(const Ids& indptr, const Ids& incident, const Ids& source, const Ids& target, const Values& costs,
              const Ids& cheap, const Values& cheap_costs, const Ids& dear, const Ids& terminals, const Values& prizes) {
  const Graph graph{indptr.data(), incident.data(), source.data(), target.data(), indptr.size() - 1, source.size(),
                    costs.data(), costs.size() == 1, cheap.data(), cheap_costs.data(), cheap_costs.size(), dear.data(), dear.size(),
                    Special(cheap, dear, source.size())};
  Growth growth(graph);
  {
    py::gil_scoped_release released;
    growth.solve(terminals.data(), prizes.data(), terminals.size());
  }
  return growth.result();
}

PYBIND11_MODULE(_growth, module) {
  module.doc() = "Goemans-Williamson growth that sets up only what merges; see graphrag/retrieval/growth.py.";
  module.def("grow", &grow);
}
