//! What a connection is doing, and until when it may.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::ConnectionLimits;

/// How long a client may take to close its side of a connection.
pub(super) const DISCONNECT: Duration = Duration::from_secs(1);

/// Most requests at once over one connection. Clients of HTTP/2 count on a hundred; the library that speaks it
/// knows no bound, and neither does it end the handler of a request that its client has reset.
const REQUESTS: usize = 100;

/// Bytes that a connection of HTTP/2 may bring between requests, beyond those that it was sent: window updates come
/// with what is sent, and there is no other use for as many. The library would take 16 MiB of headers.
const UNASKED: usize = 64 << 10;

/// What a connection is doing. Time is an argument, so that tests need none.
pub(super) struct Activity {
    limits: ConnectionLimits,
    is_multiplexed: bool,
    /// Since when no request is under way, if none is.
    waits_since: Instant,
    /// When the first byte came that belongs to no request yet. The first request is waited for in the same way.
    head_since: Option<Instant>,
    requests: usize,
    /// Answers that the client is being sent, and since when.
    answers: BTreeMap<u64, Instant>,
    next_answer: u64,
    is_write_blocked: bool,
    is_flush_blocked: bool,
    /// When the client last took something, or it began to be up to it.
    taken: Instant,
    /// Requests that came since.
    requests_since_taken: usize,
    unasked: usize,
    closing_since: Option<Instant>,
    is_draining: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing until then.
    Wait(Instant),
    /// To close the connection in good order.
    Close(&'static str),
    /// To drop it.
    Cut(&'static str),
}

impl Activity {
    pub(super) fn new(limits: ConnectionLimits, now: Instant) -> Self {
        Self {
            limits,
            is_multiplexed: false,
            waits_since: now,
            head_since: Some(now),
            requests: 0,
            answers: BTreeMap::new(),
            next_answer: 0,
            is_write_blocked: false,
            is_flush_blocked: false,
            taken: now,
            requests_since_taken: 0,
            unasked: 0,
            closing_since: None,
            is_draining: false,
        }
    }

    /// The handshake is over.
    pub(super) fn agree(&mut self, is_multiplexed: bool, now: Instant) {
        self.is_multiplexed = is_multiplexed;
        self.waits_since = now;
        self.head_since = Some(now);
    }

    pub(super) fn is_multiplexed(&self) -> bool {
        self.is_multiplexed
    }

    pub(super) fn has_requests(&self) -> bool {
        self.requests > 0
    }

    /// The client sent something. What comes over HTTP/2 may be of no request: pings, window updates.
    pub(super) fn read(&mut self, bytes: usize, now: Instant) {
        self.unasked = self.unasked.saturating_add(bytes);
        if !self.is_multiplexed {
            self.head_since.get_or_insert(now);
        }
    }

    /// The client has room for something.
    pub(super) fn wrote(&mut self, bytes: usize, now: Instant) {
        self.is_write_blocked = false;
        self.taken = now;
        self.requests_since_taken = 0;
        self.unasked = self.unasked.saturating_sub(bytes);
    }

    pub(super) fn write_blocked(&mut self, now: Instant) {
        self.owe(now);
        self.is_write_blocked = true;
    }

    pub(super) fn flushed(&mut self) {
        self.is_flush_blocked = false;
    }

    pub(super) fn flush_blocked(&mut self, now: Instant) {
        self.owe(now);
        self.is_flush_blocked = true;
    }

    /// The head of a request is complete.
    pub(super) fn begin_request(&mut self) {
        self.requests += 1;
        self.requests_since_taken += 1;
        self.head_since = None;
        self.unasked = 0;
    }

    pub(super) fn end_request(&mut self, now: Instant) {
        self.requests = self.requests.saturating_sub(1);
        self.waits_since = now;
    }

    /// An answer is ready, and it is up to the client to take it.
    pub(super) fn begin_answer(&mut self, now: Instant) -> u64 {
        self.owe(now);
        let answer = self.next_answer;
        self.next_answer += 1;
        self.answers.insert(answer, now);
        answer
    }

    pub(super) fn end_answer(&mut self, answer: u64) {
        self.answers.remove(&answer);
    }

    /// It is being closed in good order.
    pub(super) fn close(&mut self, now: Instant) {
        self.closing_since.get_or_insert(now);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing_since.is_some()
    }

    pub(super) fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// The exporter ends.
    pub(super) fn drain(&mut self) {
        self.is_draining = true;
    }

    /// From now on the client is waited for, if it was not before.
    fn owe(&mut self, now: Instant) {
        if !self.is_owing() {
            self.taken = now;
        }
    }

    fn is_owing(&self) -> bool {
        self.is_blocked() || !self.answers.is_empty()
    }

    fn is_blocked(&self) -> bool {
        self.is_write_blocked || self.is_flush_blocked
    }

    pub(super) fn verdict(&self, now: Instant) -> Verdict {
        if self.is_multiplexed {
            if self.requests > REQUESTS || self.requests_since_taken > REQUESTS {
                return Verdict::Cut("too many requests at once");
            }
            if self.unasked > UNASKED {
                return Verdict::Cut("too much between requests");
            }
        }
        if self.is_draining && !self.has_requests() && !self.is_blocked() && !self.is_closing() {
            return Verdict::Close("the exporter ends");
        }
        let (deadline, verdict) = self.deadline(now);
        if deadline <= now { verdict } else { Verdict::Wait(deadline) }
    }

    /// What happens first, unless the client does something.
    fn deadline(&self, now: Instant) -> (Instant, Verdict) {
        let stall = self.taken + self.limits.stall;
        let stall = self.is_owing().then_some((stall, Verdict::Cut("nothing is taken")));
        let answer = self.answers.values().next().map(|since| *since + self.limits.answer);
        let answer =
            answer.map(|deadline| (deadline, Verdict::Cut("an answer is taken too slowly")));
        let waiting = (!self.has_requests()).then(|| self.deadline_without_request());
        let deadlines = [stall, answer, waiting].into_iter().flatten();
        // Without any it is up to the sources, which have their own; one looks again at times.
        let otherwise = now + self.limits.idle;
        let first = deadlines.min_by_key(|(deadline, _)| *deadline);
        first.unwrap_or((otherwise, Verdict::Wait(otherwise)))
    }

    fn deadline_without_request(&self) -> (Instant, Verdict) {
        let since = |moment: Instant| moment.max(self.waits_since);
        match (self.closing_since, self.head_since) {
            (Some(closing), _) => (since(closing) + DISCONNECT, Verdict::Cut("it was closed")),
            (None, Some(head)) => {
                (since(head) + self.limits.head, Verdict::Close("a request is sent too slowly"))
            }
            (None, None) => (self.waits_since + self.limits.idle, Verdict::Close("it was idle")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Verdict = Verdict::Close("it was idle");
    const SLOW: Verdict = Verdict::Close("a request is sent too slowly");
    const NOTHING: Verdict = Verdict::Cut("nothing is taken");

    /// A connection, and a clock in seconds.
    struct Test {
        activity: Activity,
        start: Instant,
    }

    impl Test {
        fn new(is_multiplexed: bool) -> Self {
            let start = Instant::now();
            let mut activity = Activity::new(ConnectionLimits::default(), start);
            activity.agree(is_multiplexed, start);
            Self { activity, start }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        /// Nothing happens before `seconds`, and then this.
        fn assert(&self, seconds: u64, expected: Verdict) {
            let before = self.at(seconds) - Duration::from_millis(1);
            assert_eq!(self.activity.verdict(before), Verdict::Wait(self.at(seconds)));
            assert_eq!(self.activity.verdict(self.at(seconds)), expected);
        }

        fn request(&mut self, begin: u64, end: u64) {
            self.activity.read(100, self.at(begin));
            self.activity.begin_request();
            let answer = self.activity.begin_answer(self.at(end));
            self.activity.wrote(1000, self.at(end));
            self.activity.end_answer(answer);
            self.activity.end_request(self.at(end));
        }
    }

    #[test]
    fn a_connection_without_a_request_is_closed() {
        for is_multiplexed in [false, true] {
            Test::new(is_multiplexed).assert(5, SLOW);
        }
    }

    #[test]
    fn a_head_has_its_time_on_every_request_whatever_trickles_in() {
        let mut test = Test::new(false);
        test.activity.read(1, test.at(3));
        test.assert(5, SLOW);
        test.request(4, 7);
        test.assert(127, IDLE);
        test.activity.read(1, test.at(100));
        test.activity.read(1, test.at(104));
        test.assert(105, SLOW);
    }

    #[test]
    fn what_was_sent_ahead_has_its_time_from_the_answer_before() {
        let mut test = Test::new(false);
        test.activity.begin_request();
        test.activity.read(1, test.at(10));
        test.activity.end_request(test.at(60));
        test.assert(65, SLOW);
    }

    #[test]
    fn a_request_may_be_under_way_for_as_long_as_its_sources_take() {
        let mut test = Test::new(false);
        test.activity.begin_request();
        let later = test.at(3600);
        assert_eq!(test.activity.verdict(later), Verdict::Wait(later + Duration::from_secs(120)));
    }

    #[test]
    fn who_takes_nothing_of_an_answer_is_dropped() {
        for is_multiplexed in [false, true] {
            let mut test = Test::new(is_multiplexed);
            test.activity.begin_request();
            test.activity.begin_answer(test.at(50));
            test.assert(60, NOTHING);
            test.activity.wrote(1, test.at(58));
            test.activity.write_blocked(test.at(58));
            test.assert(68, NOTHING);
        }
    }

    #[test]
    fn who_takes_an_answer_byte_by_byte_has_its_time_for_all_of_it() {
        let mut test = Test::new(true);
        test.activity.begin_request();
        test.activity.begin_answer(test.at(0));
        test.activity.begin_request();
        let second = test.activity.begin_answer(test.at(60));
        (0..120).for_each(|second| test.activity.wrote(1, test.at(second)));
        test.activity.end_answer(second);
        test.activity.end_request(test.at(60));
        test.assert(120, Verdict::Cut("an answer is taken too slowly"));
    }

    #[test]
    fn what_is_left_of_an_answer_is_waited_for() {
        let mut test = Test::new(false);
        test.request(1, 1);
        test.activity.flush_blocked(test.at(2));
        test.assert(12, NOTHING);
        test.activity.flushed();
        test.assert(121, IDLE);
    }

    #[test]
    fn http2_is_idle_without_requests_whatever_else_comes() {
        let mut test = Test::new(true);
        test.request(1, 1);
        test.activity.read(17, test.at(60));
        test.activity.wrote(17, test.at(60));
        test.assert(121, IDLE);
    }

    #[test]
    fn a_flood_over_http2_is_cut() {
        let mut test = Test::new(true);
        (0..100).for_each(|_| test.activity.begin_request());
        assert!(matches!(test.activity.verdict(test.at(0)), Verdict::Wait(_)));
        test.activity.begin_request();
        let cut = Verdict::Cut("too many requests at once");
        assert_eq!(test.activity.verdict(test.at(0)), cut);
        // They are answered, and no answer is taken.
        (0..101).for_each(|_| test.activity.end_request(test.at(0)));
        assert_eq!(test.activity.verdict(test.at(0)), cut);

        let mut test = Test::new(true);
        test.request(0, 0);
        test.activity.wrote(1 << 20, test.at(0));
        test.activity.read(UNASKED, test.at(0));
        assert!(matches!(test.activity.verdict(test.at(0)), Verdict::Wait(_)));
        test.activity.read(1, test.at(0));
        assert_eq!(test.activity.verdict(test.at(0)), Verdict::Cut("too much between requests"));
    }

    #[test]
    fn closing_takes_a_second_at_most() {
        let mut test = Test::new(false);
        test.request(1, 1);
        test.activity.close(test.at(3));
        test.assert(4, Verdict::Cut("it was closed"));
        // A request that came just before is answered.
        test.activity.begin_request();
        assert!(matches!(test.activity.verdict(test.at(10)), Verdict::Wait(_)));
        test.activity.end_request(test.at(20));
        test.assert(21, Verdict::Cut("it was closed"));
    }

    #[test]
    fn an_exporter_that_ends_closes_what_has_no_request() {
        let mut test = Test::new(true);
        test.activity.begin_request();
        test.activity.drain();
        assert!(matches!(test.activity.verdict(test.at(0)), Verdict::Wait(_)));
        test.activity.end_request(test.at(1));
        assert_eq!(test.activity.verdict(test.at(1)), Verdict::Close("the exporter ends"));
    }
}
