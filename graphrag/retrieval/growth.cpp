// Goemans-Williamson growth for the prize-collecting Steiner tree that touches only what it reaches.
//
// Clusters grow around the terminals. A cluster has a clock that runs while it is active; a vertex knows the clock's
// reading when it joined, so what a cluster covers of an edge is the clock less that reading, and growth writes nothing
// but the vertices that it absorbs. `growth.py` says what this is for; the events are those of pcst-fast (Hegde, Indyk
// and Schmidt, ICML 2015), its pruning `gw`.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace py = pybind11;

namespace {

using Ids = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;
using Values = py::array_t<double, py::array::c_style | py::array::forcecast>;

constexpr double kNear = 1e-6;  // what pcst-fast takes for nothing: of a prize, and of the share left of an edge
constexpr double kNever = std::numeric_limits<double>::infinity();

// The graph: its edges, which of them touch each vertex, and what each costs.
struct Graph {
  const std::int64_t* indptr;
  const std::int64_t* incident;
  const std::int64_t* source;
  const std::int64_t* target;
  std::int64_t num_nodes;
  std::int64_t num_edges;
  const double* costs;  // [E], or one
  bool one_cost;
  std::vector<std::int64_t> cheap, dear;  // ascending: edges with a cost of their own, edges that are vertices
  const double* cheap_costs;
  std::vector<std::uint64_t> special;  // a bit an edge: whether it is among them

  void note_special() {
    special.assign(num_edges / 64 + 1, 0);
    for (const auto* edges : {&cheap, &dear})
      for (const std::int64_t edge : *edges) special[edge >> 6] |= std::uint64_t{1} << (edge & 63);
  }

  bool is_special(std::int64_t edge) const { return special[edge >> 6] >> (edge & 63) & 1; }

  // Its place among the dear edges, or -1.
  std::int64_t dear_at(std::int64_t edge) const {
    const auto found = std::lower_bound(dear.begin(), dear.end(), edge);
    return found != dear.end() && *found == edge ? found - dear.begin() : -1;
  }

  double special_cost(std::int64_t edge) const {
    return cheap_costs[std::lower_bound(cheap.begin(), cheap.end(), edge) - cheap.begin()];
  }

  double cost(std::int64_t edge) const { return one_cost ? costs[0] : costs[edge]; }
};

struct Reach {  // an edge to a vertex that nothing had reached when it was looked at
  double cost;
  std::int64_t edge;
  std::int64_t to;
};

struct Vertex {
  std::int64_t id;
  std::int32_t parent;  // union-find; itself at a root
  std::int32_t tree;    // its place in the tree of merges
  double behind;        // what its depth is less than its parent's; 0 at a root, whose depth is the clock
  std::int64_t ahead, end;  // what it reaches next, and behind the last of it, in the pool: cheapest first
};

// Where a reached vertex stands among the reached: open addressing, for it is asked for at every edge between two.
class Places {
 public:
  Places() : keys_(1 << 10, -1), places_(1 << 10) {}

  std::int32_t at(std::int64_t id) const { return places_[slot(id)]; }

  void put(std::int64_t id, std::int32_t place) {
    if (2 * ++count_ > keys_.size()) grow();
    const std::size_t free = slot(id);
    keys_[free] = id;
    places_[free] = place;
  }

 private:
  std::size_t slot(std::int64_t id) const {
    const std::size_t mask = keys_.size() - 1;
    std::size_t i = static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15ull >> 20 & mask;
    while (keys_[i] != id && keys_[i] != -1) i = (i + 1) & mask;
    return i;
  }

  void grow() {
    std::vector<std::int64_t> keys(2 * keys_.size(), -1);
    std::vector<std::int32_t> places(2 * keys_.size());
    keys.swap(keys_);
    places.swap(places_);
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (keys[i] != -1) {
        const std::size_t free = slot(keys[i]);
        keys_[free] = keys[i];
        places_[free] = places[i];
      }
  }

  std::vector<std::int64_t> keys_;
  std::vector<std::int32_t> places_;
  std::size_t count_ = 0;
};

struct Cluster {  // of a terminal, which alone can be a root
  bool active = false;
  double clock = 0;  // at `since`, or for good
  double since = 0;
  double prize = 0;  // of the terminal
  double death = kNever;
  std::int64_t size = 1;  // in terminals
  std::int32_t stamp = 0;
  std::int32_t tree = -1;
  std::vector<std::int64_t> parked;  // what waits for it to be active again: pairs >= 0, vertices as -1 - v
};

struct Pair {  // an edge between two reached vertices
  std::int64_t edge;
  std::int32_t one, two;
  double cost;
};

struct Event {
  double time;
  std::int8_t kind;  // 0 a pair meets, 1 a vertex reaches further
  std::int64_t at;   // pair or vertex
  std::int64_t tie;  // edge id or vertex id: of equal times the lowest comes first
  bool operator>(const Event& other) const {
    return std::tie(time, kind, tie) > std::tie(other.time, other.kind, other.tie);
  }
};

struct Death {
  double time;
  std::int32_t root;
  std::int32_t stamp;
  bool operator>(const Death& other) const { return std::tie(time, root) > std::tie(other.time, other.root); }
};

struct Merge {
  std::int64_t edge;
  std::int32_t one, two;          // vertices
  std::int32_t first, second;     // clusters, in the tree of merges
  std::int32_t made;
  std::int32_t inactive;          // the cluster that did not grow, -1 if both did
  double cost;
  std::int32_t pair;  // -1: a vertex was absorbed
};

// A tree among reached vertices, and what it is worth: prizes less costs.
struct Tree {
  double worth = 0;
  std::vector<std::int32_t> vertices;
  std::vector<std::int64_t> edges;
};

// Better trees on the vertices that growth reached, where ties left it a choice of ways. From every terminal and fork of
// the best tree so far the nearest terminals are joined one by one (Takahashi and Matsuyama, 1980); the cheapest tree on
// the vertices of that is cut back to its best part, which is exact on a tree; and so on until nothing improves.
class Improvement {
 public:
  struct Way {
    std::int32_t to;
    std::int64_t edge;
    double cost;
  };

  Improvement(const std::vector<double>& prizes, const std::vector<std::tuple<std::int32_t, std::int32_t, std::int64_t, double>>& edges,
              std::int64_t budget)
      : prizes_(prizes), first_(prizes.size() + 1, 0), budget_(budget), distance_(prizes.size()), came_(prizes.size()), seen_(prizes.size(), 0), inside_(prizes.size(), 0) {
    for (const auto& [one, two, edge, cost] : edges) ++first_[one + 1], ++first_[two + 1];
    for (std::size_t v = 0; v < prizes.size(); ++v) first_[v + 1] += first_[v];
    ways_.resize(2 * edges.size());
    std::vector<std::int64_t> at(first_.begin(), first_.end() - 1);
    for (const auto& [one, two, edge, cost] : edges) {
      ways_[at[one]++] = {two, edge, cost};
      ways_[at[two]++] = {one, edge, cost};
    }
  }

  // The best of a tree and what is found around it.
  Tree better_than(Tree best) {
    for (bool improved = true; improved && budget_ > 0;) {
      improved = false;
      const std::vector<std::int32_t> from = best.vertices;
      std::vector<std::int32_t> paid;
      for (const std::int32_t v : from)
        if (prizes_[v] > 0) paid.push_back(v);
      const auto consider = [&](const std::vector<std::int32_t>& vertices) {
        Tree found = best_part(vertices);
        if (found.worth > best.worth + 1e-9) best = std::move(found), improved = true;
      };
      mark(from);
      std::vector<std::int32_t> starts = paid;
      for (const std::int32_t v : from)
        if (prizes_[v] == 0 && degree_inside(v) > 2) starts.push_back(v);
      for (const std::int32_t start : starts) {
        if (budget_ <= 0) break;
        consider(joined(start, paid));
        consider(joined(start, all_paid()));
      }
      for (const std::int32_t without : paid) {
        if (budget_ <= 0 || paid.size() < 3) break;
        std::vector<std::int32_t> rest;
        for (const std::int32_t v : paid)
          if (v != without) rest.push_back(v);
        consider(joined(rest.front(), rest));
      }
      for (const int joints : {2, 1}) {  // with one more vertex
        if (improved) break;
        mark(best.vertices);
        for (const std::int32_t v : around(best.vertices, joints)) {
          if (improved || budget_ <= 0) break;
          consider(joined(v, paid));
        }
      }
    }
    return best;
  }

  // The best part of the cheapest tree on some vertices (of the piece that the first of them is in).
  Tree best_part(const std::vector<std::int32_t>& vertices) {
    mark(vertices);
    std::vector<std::tuple<double, std::int64_t, std::int32_t, std::int32_t>> edges;
    for (const std::int32_t v : vertices)
      each(v, [&](const Way& way) {
        if (way.to > v && inside_[way.to] == epoch_) edges.emplace_back(way.cost, way.edge, v, way.to);
      });
    std::sort(edges.begin(), edges.end());
    std::unordered_map<std::int32_t, std::int32_t> above;
    std::unordered_map<std::int32_t, std::vector<Way>> tree;
    for (const std::int32_t v : vertices) above[v] = v;
    const auto top = [&](std::int32_t v) {
      while (above[v] != v) v = above[v] = above[above[v]];
      return v;
    };
    for (const auto& [cost, edge, one, two] : edges) {
      if (top(one) == top(two)) continue;
      above[top(one)] = top(two);
      tree[one].push_back({two, edge, cost});
      tree[two].push_back({one, edge, cost});
    }
    std::vector<std::int32_t> order{vertices.front()};
    std::unordered_map<std::int32_t, std::int64_t> by{{vertices.front(), -1}};
    std::unordered_map<std::int32_t, double> worth;
    for (std::size_t i = 0; i < order.size(); ++i)
      for (const Way& way : tree[order[i]])
        if (by.emplace(way.to, way.edge).second) order.push_back(way.to);
    for (auto v = order.rbegin(); v != order.rend(); ++v) {
      double own = prizes_[*v];
      for (const Way& way : tree[*v])
        if (by[way.to] == way.edge && by[*v] != way.edge) own += std::max(0.0, worth[way.to] - way.cost);
      worth[*v] = own;
    }
    std::int32_t best = order.front();
    for (const std::int32_t v : order)
      if (worth[v] > worth[best]) best = v;
    Tree found{worth[best], {best}, {}};
    for (std::size_t i = 0; i < found.vertices.size(); ++i) {
      const std::int32_t v = found.vertices[i];
      for (const Way& way : tree[v])
        if (by[way.to] == way.edge && by[v] != way.edge && worth[way.to] - way.cost > 1e-12) {
          found.vertices.push_back(way.to);
          found.edges.push_back(way.edge);
        }
    }
    return found;
  }

 private:
  template <typename Visit>
  void each(std::int32_t v, Visit visit) {
    budget_ -= first_[v + 1] - first_[v];
    for (std::int64_t i = first_[v]; i < first_[v + 1]; ++i) visit(ways_[i]);
  }

  void mark(const std::vector<std::int32_t>& vertices) {
    ++epoch_;
    for (const std::int32_t v : vertices) inside_[v] = epoch_;
  }

  int degree_inside(std::int32_t v) {
    int count = 0;
    each(v, [&](const Way& way) { count += inside_[way.to] == epoch_; });
    return count;
  }

  // Vertices next to so many marked ones at least.
  std::vector<std::int32_t> around(const std::vector<std::int32_t>& vertices, int joints) {
    std::unordered_map<std::int32_t, int> touched;
    for (const std::int32_t v : vertices)
      each(v, [&](const Way& way) {
        if (inside_[way.to] != epoch_) ++touched[way.to];
      });
    std::vector<std::int32_t> found;
    for (const auto& [v, count] : touched)
      if (count >= joints) found.push_back(v);
    std::sort(found.begin(), found.end());
    return found;
  }

  const std::vector<std::int32_t>& all_paid() {
    if (all_paid_.empty())
      for (std::size_t v = 0; v < prizes_.size(); ++v)
        if (prizes_[v] > 0) all_paid_.push_back(static_cast<std::int32_t>(v));
    return all_paid_;
  }

  // A start with those of the wanted that it can reach, each joined by the shortest way to what is there.
  std::vector<std::int32_t> joined(std::int32_t start, const std::vector<std::int32_t>& wanted) {
    std::vector<std::int32_t> there{start};
    std::unordered_map<std::int32_t, bool> is_there{{start, true}};
    std::unordered_map<std::int32_t, bool> left;
    for (const std::int32_t v : wanted)
      if (v != start) left[v] = true;
    while (!left.empty() && budget_ > 0) {
      ++search_;
      std::priority_queue<std::pair<double, std::int32_t>, std::vector<std::pair<double, std::int32_t>>, std::greater<>> open;
      for (const std::int32_t v : there) seen_[v] = search_, distance_[v] = 0, open.emplace(0.0, v);
      std::int32_t hit = -1;
      while (!open.empty() && hit < 0) {
        const auto [far, v] = open.top();
        open.pop();
        if (far > distance_[v]) continue;
        if (left.count(v)) {
          hit = v;
          break;
        }
        each(v, [&](const Way& way) {
          const double further = far + way.cost;
          if (seen_[way.to] == search_ && further >= distance_[way.to]) return;
          seen_[way.to] = search_, distance_[way.to] = further, came_[way.to] = v;
          open.emplace(further, way.to);
        });
      }
      if (hit < 0) break;
      for (std::int32_t v = hit; !is_there.count(v); v = came_[v]) {
        is_there[v] = true;
        there.push_back(v);
        left.erase(v);
      }
    }
    return there;
  }

  const std::vector<double>& prizes_;
  std::vector<std::int64_t> first_;
  std::vector<Way> ways_;
  std::int64_t budget_;  // edges that may still be looked at
  std::vector<double> distance_;
  std::vector<std::int32_t> came_;
  std::vector<std::int32_t> seen_, inside_, all_paid_;
  std::int32_t search_ = 0, epoch_ = 0;
};

template <typename T>
using Earliest = std::priority_queue<T, std::vector<T>, std::greater<T>>;

class Growth {
 public:
  // Of equal times the lowest id comes first, or the highest.
  Growth(const Graph& graph, bool highest) : graph_(graph), sign_(highest ? -1 : 1) {
    reached_.assign((graph.num_nodes + static_cast<std::int64_t>(graph.dear.size())) / 64 + 1, 0);
  }

  void solve(const std::vector<std::pair<std::int64_t, double>>& terminals, std::int64_t budget) {
    start(terminals);
    run();
    finish(budget);
  }

  bool tied() const { return tied_; }
  double worth() const { return tree_.worth; }

  void start(const std::vector<std::pair<std::int64_t, double>>& terminals) {
    for (const auto& [id, prize] : terminals) {
      const std::int32_t v = reach(id);
      Cluster& cluster = clusters_.emplace_back();
      cluster.tree = vertices_[v].tree;
      cluster.prize = prize;
      cluster.active = prize > kNear;
      if (cluster.active) {
        ++active_;
        cluster.death = prize;
        deaths_.push({prize, v, 0});
      }
    }
    terminals_ = static_cast<std::int32_t>(vertices_.size());
    for (std::int32_t v = 0; v < terminals_; ++v) look_around(v);
  }

  void run() {
    while (active_ > 1) {
      while (!deaths_.empty() && stale(deaths_.top())) deaths_.pop();
      const double next_event = events_.empty() ? kNever : events_.top().time;
      const double next_death = deaths_.empty() ? kNever : deaths_.top().time;
      if (next_event == kNever && next_death == kNever) break;
      if (next_event < next_death) {
        const Event event = events_.top();
        events_.pop();
        advance(event.time);
        event.kind == 0 ? meet(static_cast<std::int32_t>(event.at)) : further(static_cast<std::int32_t>(event.at));
      } else {
        advance(next_death);
        const std::int32_t root = deaths_.top().root;
        deaths_.pop();
        Cluster& cluster = clusters_[root];
        cluster.clock = clock(root);
        cluster.active = false;
        --active_;
      }
    }
  }

  // The tree of the cluster that is left, pruned, and made better if ties had left a choice.
  void finish(std::int64_t budget) {
    std::int32_t final_root = -1;
    for (std::int32_t v = 0; v < terminals_; ++v) {
      deepest_ = std::max(deepest_, depth(v));  // only terminals have been there from the start
      if (clusters_[find(v)].active) final_root = find(v);
    }
    if (final_root < 0) return;
    tree_ = pruned(final_root);
    if (!tied_ || budget <= 0 || tree_.vertices.empty()) return;
    std::vector<double> prizes(vertices_.size(), 0);
    for (std::int32_t v = 0; v < terminals_; ++v) prizes[v] = clusters_[v].prize;
    std::vector<std::tuple<std::int32_t, std::int32_t, std::int64_t, double>> edges;
    for (const Merge& merge : merges_)
      if (merge.pair < 0) edges.emplace_back(merge.one, merge.two, merge.edge, merge.cost);
    for (const Pair& pair : pairs_) edges.emplace_back(pair.one, pair.two, pair.edge, pair.cost);
    // Vertices that growth would have reached next, where they would join what it has.
    std::unordered_map<std::int64_t, int> joints;
    std::vector<std::int64_t> next;
    for (const Vertex& vertex : vertices_)
      for (std::int64_t at = vertex.ahead; at < vertex.end; ++at) ++joints[pool_[at].to];
    const auto count = static_cast<std::int32_t>(vertices_.size());
    std::unordered_map<std::int64_t, std::int32_t> beyond;
    for (std::int32_t v = 0; v < count; ++v)
      for (std::int64_t at = vertices_[v].ahead; at < vertices_[v].end; ++at) {
        const Reach& way = pool_[at];
        if (joints[way.to] < 2 || is_reached(way.to)) continue;
        const auto [place, fresh] = beyond.emplace(way.to, static_cast<std::int32_t>(prizes.size()));
        if (fresh) prizes.push_back(0), next.push_back(way.to);
        edges.emplace_back(v, place->second, way.edge, way.cost);
      }
    tree_ = Improvement(prizes, edges, budget).better_than(tree_);
    beyond_ = std::move(next);
  }

  py::dict result() const {
    std::vector<std::int64_t> nodes;
    const auto count = static_cast<std::int32_t>(vertices_.size());
    for (const std::int32_t v : tree_.vertices) nodes.push_back(v < count ? vertices_[v].id : beyond_[v - count]);
    std::vector<std::int64_t> edges = tree_.edges;
    for (auto* ids : {&nodes, &edges}) std::sort(ids->begin(), ids->end());
    py::dict out;
    out["nodes"] = array(nodes);
    out["edges"] = array(edges);
    out["worth"] = tree_.worth;
    out["dual"] = dual_ - deepest_;
    std::vector<std::int64_t> reached;
    for (const Vertex& vertex : vertices_) reached.push_back(vertex.id);
    out["reached"] = array(reached);
    out["looked_at"] = looked_at_;
    out["tied"] = tied_;
    return out;
  }

 private:
  static py::array_t<std::int64_t> array(const std::vector<std::int64_t>& values) {
    return py::array_t<std::int64_t>(static_cast<py::ssize_t>(values.size()), values.data());
  }

  bool is_reached(std::int64_t id) const { return reached_[id >> 6] >> (id & 63) & 1; }

  std::int32_t reach(std::int64_t id) {
    reached_[id >> 6] |= std::uint64_t{1} << (id & 63);
    const auto v = static_cast<std::int32_t>(vertices_.size());
    places_.put(id, v);
    vertices_.push_back({id, v, new_tree(), 0, 0, 0});
    return v;
  }

  std::int32_t new_tree() {
    above_.push_back(-1);
    return static_cast<std::int32_t>(above_.size()) - 1;
  }

  double clock(std::int32_t root) const {
    const Cluster& cluster = clusters_[root];
    return cluster.active ? cluster.clock + (now_ - cluster.since) : cluster.clock;
  }

  std::int32_t find(std::int32_t v) {
    std::int32_t root = v;
    double behind = 0;
    while (vertices_[root].parent != root) {
      behind += vertices_[root].behind;
      root = vertices_[root].parent;
    }
    while (vertices_[v].parent != root && v != root) {
      const std::int32_t next = vertices_[v].parent;
      const double own = vertices_[v].behind;
      vertices_[v].parent = root;
      vertices_[v].behind = behind;
      behind -= own;
      v = next;
    }
    return root;
  }

  // How far the clusters of a vertex have grown since it joined.
  double depth(std::int32_t v) {
    const std::int32_t root = find(v);
    return clock(root) + (v == root ? 0 : vertices_[v].behind);
  }

  bool stale(const Death& death) const {
    const Cluster& cluster = clusters_[death.root];
    return vertices_[death.root].parent != death.root || !cluster.active || cluster.stamp != death.stamp;
  }

  void advance(double time) {
    time = std::max(time, now_);
    dual_ += active_ * (time - now_);
    now_ = time;
  }

  // Of merges at one time another order might have made another tree.
  void note_tie(double cost) {
    if (cost == 0) return;
    if (now_ == last_merge_) tied_ = true;
    last_merge_ = now_;
  }

  template <typename Visit>
  void each_edge(std::int64_t id, Visit visit) {
    if (id >= graph_.num_nodes) {  // the middle of a dear edge
      const std::int64_t i = id - graph_.num_nodes, edge = graph_.dear[i];
      visit(graph_.num_edges + 2 * i, graph_.source[edge], 0.0);
      visit(graph_.num_edges + 2 * i + 1, graph_.target[edge], 0.0);
      return;
    }
    for (std::int64_t at = graph_.indptr[id]; at < graph_.indptr[id + 1]; ++at) {
      const std::int64_t edge = graph_.incident[at];
      const bool special = graph_.is_special(edge);
      if (const std::int64_t i = special ? graph_.dear_at(edge) : -1; i >= 0) {
        if (graph_.source[edge] == id) visit(graph_.num_edges + 2 * i, graph_.num_nodes + i, 0.0);
        if (graph_.target[edge] == id) visit(graph_.num_edges + 2 * i + 1, graph_.num_nodes + i, 0.0);
        continue;
      }
      const std::int64_t to = graph_.source[edge] == id ? graph_.target[edge] : graph_.source[edge];
      if (to != id) visit(edge, to, special ? graph_.special_cost(edge) : graph_.cost(edge));
    }
  }

  // What touches a vertex that has just been reached.
  void look_around(std::int32_t v) {
    const auto first = static_cast<std::int64_t>(pool_.size());
    each_edge(vertices_[v].id, [&](std::int64_t edge, std::int64_t to, double cost) {
      ++looked_at_;
      if (!is_reached(to)) {
        pool_.push_back({cost, edge, to});
        return;
      }
      pairs_.push_back({edge, v, places_.at(to), cost});
      await(static_cast<std::int32_t>(pairs_.size()) - 1);
    });
    const auto cheaper = [this](const Reach& a, const Reach& b) {
      return std::make_pair(a.cost, sign_ * a.edge) < std::make_pair(b.cost, sign_ * b.edge);
    };
    if (!std::is_sorted(pool_.begin() + first, pool_.end(), cheaper)) std::sort(pool_.begin() + first, pool_.end(), cheaper);
    vertices_[v].ahead = first;
    vertices_[v].end = static_cast<std::int64_t>(pool_.size());
    go_on(v);
  }

  // Plan when the two ends of an edge meet.
  void await(std::int32_t pair) {
    const Pair& edge = pairs_[pair];
    const std::int32_t one = find(edge.one), two = find(edge.two);
    if (one == two) return;
    const double left = std::max(0.0, edge.cost - depth(edge.one) - depth(edge.two));
    const bool grows_one = clusters_[one].active, grows_two = clusters_[two].active;
    if (!grows_one) clusters_[one].parked.push_back(pair);
    if (!grows_two) clusters_[two].parked.push_back(pair);
    if (grows_one || grows_two) events_.push({now_ + (grows_one && grows_two ? left / 2 : left), 0, pair, sign_ * edge.edge});
  }

  // Plan when a vertex reaches further.
  void go_on(std::int32_t v) {
    Vertex& vertex = vertices_[v];
    if (vertex.ahead == vertex.end) return;
    const std::int32_t root = find(v);
    if (!clusters_[root].active) {
      clusters_[root].parked.push_back(-1 - static_cast<std::int64_t>(v));
      return;
    }
    events_.push({now_ + std::max(0.0, pool_[vertex.ahead].cost - depth(v)), 1, v, sign_ * vertex.id});
  }

  void further(std::int32_t v) {
    const std::int32_t root = find(v);
    if (!clusters_[root].active) return go_on(v);
    const double reach = vertices_[v].ahead < vertices_[v].end ? pool_[vertices_[v].ahead].cost : 0;
    if (reach - depth(v) > kNear * reach) return go_on(v);
    while (vertices_[v].ahead < vertices_[v].end && pool_[vertices_[v].ahead].cost == reach) {
      const Reach next = pool_[vertices_[v].ahead++];
      if (!is_reached(next.to)) absorb(v, next);  // otherwise the edge became a pair then
    }
    go_on(v);
  }

  void absorb(std::int32_t v, const Reach& way) {
    const std::int32_t root = find(v);
    const std::int32_t w = reach(way.to);
    const std::int32_t made = new_tree();
    note_tie(way.cost);
    merges_.push_back({way.edge, v, w, clusters_[root].tree, vertices_[w].tree, made, vertices_[w].tree, way.cost, -1});
    above_[clusters_[root].tree] = above_[vertices_[w].tree] = made;
    clusters_[root].tree = made;
    vertices_[w].parent = root;
    vertices_[w].behind = -clock(root);
    look_around(w);
  }

  void meet(std::int32_t pair) {
    const Pair edge = pairs_[pair];
    const std::int32_t one = find(edge.one), two = find(edge.two);
    if (one == two) return;
    const double left = edge.cost - depth(edge.one) - depth(edge.two);
    if (left > kNear * edge.cost) return await(pair);
    const bool grows_one = clusters_[one].active, grows_two = clusters_[two].active;
    if (!grows_one && !grows_two) return await(pair);
    // 1. The tree of merges.
    const std::int32_t made = new_tree();
    note_tie(edge.cost);
    const std::int32_t first = clusters_[one].tree, second = clusters_[two].tree;
    merges_.push_back({edge.edge, edge.one, edge.two, first, second, made, !grows_one ? first : !grows_two ? second : -1, edge.cost, pair});
    above_[first] = above_[second] = made;
    // 2. One cluster under the root of the larger.
    const bool swap = clusters_[one].size < clusters_[two].size;
    const std::int32_t root = swap ? two : one, other = swap ? one : two;
    const double rest = (grows_one ? clusters_[one].death - now_ : 0) + (grows_two ? clusters_[two].death - now_ : 0);
    const double own = clock(root), others = clock(other);
    std::vector<std::int64_t> woken;
    if (!grows_one) woken.swap(clusters_[one].parked);
    if (!grows_two) woken.swap(clusters_[two].parked);
    vertices_[other].parent = root;
    vertices_[other].behind = others - own;
    Cluster& cluster = clusters_[root];
    cluster.size += clusters_[other].size;
    cluster.active = true;
    cluster.clock = own;
    cluster.since = now_;
    cluster.death = now_ + rest;
    cluster.tree = made;
    ++cluster.stamp;
    deaths_.push({cluster.death, root, cluster.stamp});
    if (grows_one && grows_two) --active_;
    // 3. What waited for a cluster that did not grow.
    for (const std::int64_t one_parked : woken)
      one_parked >= 0 ? await(static_cast<std::int32_t>(one_parked)) : go_on(static_cast<std::int32_t>(-1 - one_parked));
  }

  // Backwards through the merges: what had stopped growing goes again unless something that stays hangs on it.
  Tree pruned(std::int32_t final_root) {
    std::vector<char> needed(above_.size(), 0), dropped(above_.size(), 0);
    const auto need = [&](std::int32_t v) {
      for (std::int32_t at = vertices_[v].tree; at >= 0 && !needed[at]; at = above_[at]) needed[at] = 1;
    };
    Tree tree;
    for (auto merge = merges_.rbegin(); merge != merges_.rend(); ++merge) {
      if (find(merge->one) != final_root) continue;
      if (dropped[merge->made]) {
        dropped[merge->first] = dropped[merge->second] = 1;
      } else if (merge->inactive >= 0 && !needed[merge->inactive]) {
        dropped[merge->inactive] = 1;
      } else {
        need(merge->one);
        need(merge->two);
        tree.edges.push_back(merge->edge);
        tree.worth -= merge->cost;
      }
    }
    for (std::size_t v = 0; v < vertices_.size(); ++v)
      if (find(static_cast<std::int32_t>(v)) == final_root && !dropped[vertices_[v].tree]) {
        tree.vertices.push_back(static_cast<std::int32_t>(v));
        if (static_cast<std::int32_t>(v) < terminals_) tree.worth += clusters_[v].prize;
      }
    return tree;
  }

  const Graph& graph_;
  const std::int64_t sign_;
  std::vector<std::uint64_t> reached_;
  Places places_;
  std::vector<Vertex> vertices_;
  std::vector<Cluster> clusters_;
  std::vector<Reach> pool_;
  std::vector<std::int32_t> above_;
  std::vector<Pair> pairs_;
  std::vector<Merge> merges_;
  Earliest<Event> events_;
  Earliest<Death> deaths_;
  double now_ = 0;
  double dual_ = 0;
  double deepest_ = 0;
  double last_merge_ = -1;
  Tree tree_;
  std::vector<std::int64_t> beyond_;  // vertices of the tree that growth had not reached
  std::int32_t terminals_ = 0;
  std::int64_t active_ = 0;
  std::int64_t looked_at_ = 0;
  bool tied_ = false;
};

}  // namespace

py::dict grow(const Ids& indptr, const Ids& incident, const Ids& source, const Ids& target, const Values& costs,
              const Ids& cheap, const Values& cheap_costs, const Ids& dear, const Ids& terminals, const Values& prizes,
              std::int64_t budget) {
  Graph graph{indptr.data(), incident.data(), source.data(), target.data(), indptr.size() - 1, source.size(),
              costs.data(), costs.size() == 1, {}, {}, cheap_costs.data(), {}};
  graph.cheap.assign(cheap.data(), cheap.data() + cheap.size());
  graph.dear.assign(dear.data(), dear.data() + dear.size());
  graph.note_special();
  std::vector<std::pair<std::int64_t, double>> given;
  for (py::ssize_t i = 0; i < terminals.size(); ++i) given.emplace_back(terminals.data()[i], prizes.data()[i]);
  Growth first(graph, false), second(graph, true);
  bool again = false;
  {
    py::gil_scoped_release released;
    first.solve(given, budget);
    again = first.tied() && budget > 0;
    if (again) second.solve(given, budget);
  }
  return again && second.worth() > first.worth() + 1e-9 ? second.result() : first.result();
}

PYBIND11_MODULE(_growth, module) {
  module.doc() = "Goemans-Williamson growth that touches only what it reaches; see graphrag/retrieval/growth.py.";
  module.def("grow", &grow);
}
