// One pump does all the work: it starts whatever may be started now, then sleeps until the next
// thing is due. It runs when a dial was asked for, when a probe ended and when the timer fired.
#include "discover/discovery.hpp"

#include <algorithm>
#include <utility>

#include <asio/post.hpp>

#include "discover/steady.hpp"
#include "message/assert.hpp"
#include "message/limits.hpp"

namespace lanchat::discover {

namespace {

// A /22: of more a sweep takes so long that it matters who else is asking.
constexpr std::uint64_t large_addresses = 1'024;
constexpr int on_link_per_s =
    static_cast<int>(limits::new_on_link_addresses_max * std::chrono::milliseconds{1'000} /
                     std::chrono::milliseconds{limits::on_link_window});
constexpr std::uint64_t sweeps_to_all = 4;
constexpr int rest_of_long_sweeps = 4;  // times as long as they took

std::vector<Ipv4> addresses_of(const std::vector<Endpoint>& endpoints) {
    std::vector<Ipv4> addresses;
    for (const Endpoint& one : endpoints) addresses.push_back(one.ip);
    return addresses;
}

ProberSettings prober_settings(const Settings& settings) {
    return {settings.cidrs, addresses_of(settings.own), settings.scan_rate, settings.probe_timeout};
}

}  // namespace

Discovery::Discovery(asio::io_context& loop, Settings settings, Hooks hooks)
    : loop_(loop),
      settings_(std::move(settings)),
      hooks_(std::move(hooks)),
      targets_(settings_.cidrs, settings_.ports, settings_.own),
      given_(settings_.given.begin(), settings_.given.end()),
      prober_(
          loop, prober_settings(settings_),
          [this](const Endpoint& endpoint, Prober::Outcome outcome, asio::ip::tcp::socket socket) {
              ended(endpoint, outcome, std::move(socket));
          }),
      pause_(settings_.rescan, settings_.seed),
      timer_(loop),
      share_pace_(on_link_per_s),
      alive_(std::make_shared<bool>(true)) {
    collect_known();
}

Discovery::~Discovery() { stop(); }

void Discovery::start() {
    LANCHAT_ASSERT(!started_);
    LANCHAT_ASSERT(*alive_);
    started_ = true;
    pump_soon();
}

void Discovery::dial(const Endpoint& endpoint) {
    if (!*alive_) return;
    const auto [pursuit, is_new] = pursuits_.try_emplace(endpoint);
    pursuit->second.is_dial = true;
    if (!is_new) return;
    if (!may_dial(endpoint) || waiting_dials_.size() >= limits::contacts_max) {
        refuse_soon(endpoint);
        return;
    }
    waiting_dials_.push_back(endpoint);
    pump_soon();
}

void Discovery::move(std::vector<Cidr> cidrs, std::vector<Endpoint> own,
                     std::vector<Endpoint> remembered) {
    settings_.cidrs = std::move(cidrs);
    settings_.own = std::move(own);
    settings_.remembered = std::move(remembered);
    targets_ = Targets(settings_.cidrs, settings_.ports, settings_.own);
    prober_.move(settings_.cidrs, addresses_of(settings_.own));
    collect_known();
    candidate_.reset();
    alive_targets_.clear();
    pause_.reset();
    if (sweeping_)
        begin_sweep();
    else
        next_sweep_ = steady_now();
    pump_soon();
}

void Discovery::share(std::size_t rank, std::size_t of) {
    if (std::pair(rank_, of_) == std::pair(rank, of)) return;
    rank_ = rank;
    of_ = of;
    share_pace_ = RatePace(std::max(1, on_link_per_s / static_cast<int>(of)));
    pump_soon();
}

Discovery::Progress Discovery::progress() const {
    return {settings_.scan ? targets_.passed() : 0, settings_.scan ? targets_.end() : 0, sweeps_,
            sweeping_};
}

bool Discovery::is_large() const { return targets_.addresses() > large_addresses; }

// Neighbouring addresses are spread over all, since machines lie close together. Now and then
// everybody looks at all of them: two who are known by other addresses than they know may each take
// some for the other's.
bool Discovery::is_of_others(Ipv4 ip) const {
    const bool looks_at_all = sweeps_ % sweeps_to_all == sweeps_to_all - 1;
    return of_ > 1 && is_large() && !looks_at_all && Rng(ip.bits).next() % of_ != rank_;
}

void Discovery::stop() {
    *alive_ = false;
    prober_.stop();
    timer_.cancel();
    waiting_dials_.clear();
    pursuits_.clear();
}

bool Discovery::may_dial(const Endpoint& endpoint) const {
    if (endpoint.ip.bits == 0 || targets_.is_own(endpoint)) return false;
    return targets_.covers(endpoint) || given_.contains(endpoint);
}

void Discovery::name(std::vector<Endpoint> named) {
    if (named == named_) return;
    named_ = std::move(named);
    given_ = {settings_.given.begin(), settings_.given.end()};
    given_.insert(named_.begin(), named_.end());
    collect_known();
    known_position_ = 0;
    if (!sweeping_) next_sweep_ = steady_now();
    pump_soon();
}

void Discovery::collect_known() {
    known_.clear();
    is_known_.clear();
    for (const auto* list : {&settings_.remembered, &settings_.given, &named_}) {
        for (const Endpoint& endpoint : *list) {
            if (known_.size() == limits::targets_max) return;
            if (may_dial(endpoint) && is_known_.insert(endpoint).second) known_.push_back(endpoint);
        }
    }
}

// Hooks must not run inside a member that their owner called.
void Discovery::pump_soon() {
    if (!started_ || pump_posted_) return;
    pump_posted_ = true;
    asio::post(loop_, [this, alive = alive_] {
        if (!*alive) return;
        pump_posted_ = false;
        pump();
    });
}

void Discovery::pump() {
    const auto now = steady_now();
    wake_ = Instant::max();
    start_dials(now);
    if (!sweeping_ && next_sweep_ <= now) begin_sweep();
    if (sweeping_) sweep(now);
    if (!*alive_) return;
    if (!sweeping_) wake_at(next_sweep_);
    arm_timer();
}

// One that must wait does not hold up the others: they may be for addresses that answer.
void Discovery::start_dials(Instant now) {
    if (waiting_dials_.empty()) return;
    const auto count = std::min(waiting_dials_.size(), limits::probes_in_flight_max);
    std::vector<Endpoint> waiting(waiting_dials_.begin(),
                                  waiting_dials_.begin() + static_cast<std::ptrdiff_t>(count));
    waiting_dials_.erase(waiting_dials_.begin(),
                         waiting_dials_.begin() + static_cast<std::ptrdiff_t>(count));
    std::erase_if(waiting, [&](const Endpoint& endpoint) {
        return start_probe(endpoint, Purpose::dial, now);
    });
    waiting_dials_.insert(waiting_dials_.begin(), waiting.begin(), waiting.end());
}

void Discovery::begin_sweep() {
    sweeping_ = true;
    sweep_began_ = steady_now();
    known_again_ = sweep_began_ + settings_.rescan;
    known_position_ = 0;
    targets_.restart();
    alive_addresses_.clear();
    // Other nodes of this machine, be it ever so far from the beginning of a large range.
    for (const Endpoint& own : settings_.own) note_alive(own.ip);
}

// Both kinds of targets go on while the other has to wait.
void Discovery::sweep(Instant now) {
    if (known_again_ <= now) {
        known_position_ = 0;
        known_again_ = now + settings_.rescan;
    }
    wake_at(known_again_);
    bool more = true;
    while (more) {
        more = sweep_next_alive(now);
        more = sweep_next(now) || more;
    }
    const bool is_over = !candidate_ && alive_targets_.empty() && sweep_probes_ == 0;
    if (*alive_ && is_over) end_sweep();
}

bool Discovery::sweep_next(Instant now) {
    if (!*alive_) return false;
    if (!candidate_) candidate_ = next_of_sweep();
    if (!candidate_) return false;
    const bool is_shared = of_ > 1 && is_large() && !is_known_.contains(*candidate_);
    if (is_shared && share_pace_.earliest(now) > now) {
        wake_at(share_pace_.earliest(now));
        return false;
    }
    if (!settle(*candidate_, now)) return false;
    if (is_shared) share_pace_.spend(now);
    candidate_.reset();
    return true;
}

bool Discovery::sweep_next_alive(Instant now) {
    if (!*alive_ || alive_targets_.empty()) return false;
    if (!settle(alive_targets_.front(), now)) return false;
    alive_targets_.pop_front();
    return true;
}

// Starts or skips; false if it has to wait.
bool Discovery::settle(const Endpoint& endpoint, Instant now) {
    const auto earliest = prober_.earliest(endpoint, Purpose::scan, now);
    if (earliest && *earliest > now) wake_at(*earliest);
    if (!earliest || *earliest > now) return false;
    if (probing(endpoint) || !hooks_.wanted(endpoint)) return *alive_;
    // `wanted` may have stopped us, or dialled the very endpoint.
    if (!*alive_ || probing(endpoint)) return *alive_;
    if (!start_probe(endpoint, Purpose::scan, now)) return false;
    pursuits_[endpoint].is_of_sweep = true;
    ++sweep_probes_;
    return true;
}

void Discovery::end_sweep() {
    sweeping_ = false;
    ++sweeps_;
    const auto now = steady_now();
    const Duration rest = is_large() ? rest_of_long_sweeps * (now - sweep_began_) : Duration{0};
    next_sweep_ = now + std::max(pause_.next(), rest);
    hooks_.swept();
}

std::optional<Endpoint> Discovery::next_of_sweep() {
    if (known_position_ < known_.size()) return known_[known_position_++];
    if (!settings_.scan) return std::nullopt;
    auto target = targets_.next();
    while (target &&
           (is_known_.contains(*target) || is_due_elsewhere(*target) || is_of_others(target->ip))) {
        target = targets_.next();
    }
    return target;
}

bool Discovery::is_due_elsewhere(const Endpoint& target) const {
    return alive_addresses_.contains(target.ip) && !is_known_.contains(target);
}

// The ports that the sweep has not come to yet are due now, and left out when it comes to them.
void Discovery::note_alive(Ipv4 ip) {
    if (!sweeping_ || !settings_.scan || !alive_addresses_.insert(ip).second) return;
    for (std::uint32_t port = settings_.ports.min; port <= settings_.ports.max; ++port) {
        const Endpoint other{ip, static_cast<std::uint16_t>(port)};
        if (!targets_.covers(other) || targets_.has_passed(other)) continue;
        if (!is_known_.contains(other)) alive_targets_.push_back(other);
    }
}

bool Discovery::start_probe(const Endpoint& endpoint, Purpose purpose, Instant now) {
    const auto earliest = prober_.earliest(endpoint, purpose, now);
    if (!earliest) return false;
    if (*earliest <= now && prober_.start(endpoint, now)) return true;
    // After a shortage the prober names another instant.
    wake_at(prober_.earliest(endpoint, purpose, now).value_or(Instant::max()));
    return false;
}

void Discovery::ended(const Endpoint& endpoint, Prober::Outcome outcome,
                      asio::ip::tcp::socket socket) {
    const auto found = pursuits_.find(endpoint);
    LANCHAT_ASSERT(found != pursuits_.end());
    const auto pursuit = found->second;
    pursuits_.erase(found);
    if (pursuit.is_of_sweep) --sweep_probes_;
    if (outcome == Prober::Outcome::connected || outcome == Prober::Outcome::refused) {
        note_alive(endpoint.ip);
    }
    if (outcome == Prober::Outcome::connected) {
        hooks_.found(endpoint, std::move(socket));
    } else if (pursuit.is_dial) {
        hooks_.unreachable(endpoint);
    }
    if (*alive_) pump();
}

// Later dials to it join until it is reported.
void Discovery::refuse_soon(const Endpoint& endpoint) {
    asio::post(loop_, [this, alive = alive_, endpoint] {
        if (!*alive) return;
        pursuits_.erase(endpoint);
        hooks_.unreachable(endpoint);
    });
}

void Discovery::wake_at(Instant when) { wake_ = std::min(wake_, when); }

void Discovery::arm_timer() {
    if (wake_ == armed_) return;
    armed_ = wake_;
    if (wake_ == Instant::max()) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(wake_);
    timer_.async_wait([this, alive = alive_](std::error_code cancelled) {
        if (cancelled || !*alive) return;
        armed_ = Instant{};
        pump();
    });
}

}  // namespace lanchat::discover
