//! Verdicts on connections.

use super::requests::UNSOLICITED;
use super::*;

const IDLE: Verdict = Verdict::Close("it was idle");
const SLOW: Verdict = Verdict::Close("a request is sent too slowly");
const NOTHING: Verdict = Verdict::Cut("the client reads nothing");

/// A connection, and a clock in seconds.
struct Test {
    activity: Activity,
    start: Instant,
}

impl Test {
    fn new(is_multiplexed: bool) -> Self {
        let start = Instant::now();
        let mut activity = Activity::new(ConnectionLimits::default(), start);
        activity.end_handshake(is_multiplexed, start);
        Self { activity, start }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    /// Asserts that the verdict is to wait until `seconds`, and is `expected` then.
    fn assert(&self, seconds: u64, expected: Verdict) {
        let before = self.at(seconds) - Duration::from_millis(1);
        assert_eq!(self.activity.verdict(before), Verdict::Wait(self.at(seconds)));
        assert_eq!(self.activity.verdict(self.at(seconds)), expected);
    }

    fn request(&mut self, begin: u64, end: u64) {
        self.activity.read(100, self.at(begin));
        self.activity.begin_request();
        let response = self.activity.transfer.begin_response(self.at(end));
        self.activity.wrote(1000, self.at(end));
        self.activity.transfer.end_response(response);
        self.activity.end_request(self.at(end));
    }
}

#[test]
fn connection_without_request_is_closed() {
    for is_multiplexed in [false, true] {
        Test::new(is_multiplexed).assert(5, SLOW);
    }
}

#[test]
fn trickled_head_is_closed_after_its_limit() {
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
fn pipelined_head_is_timed_from_the_previous_response() {
    let mut test = Test::new(false);
    test.activity.begin_request();
    test.activity.read(1, test.at(10));
    test.activity.end_request(test.at(60));
    test.assert(65, SLOW);
}

#[test]
fn running_request_has_no_limit() {
    let mut test = Test::new(false);
    test.activity.begin_request();
    let later = test.at(3600);
    assert_eq!(test.activity.verdict(later), Verdict::Wait(later + Duration::from_secs(120)));
}

#[test]
fn stalled_reader_is_cut() {
    for is_multiplexed in [false, true] {
        let mut test = Test::new(is_multiplexed);
        test.activity.begin_request();
        test.activity.transfer.begin_response(test.at(50));
        test.assert(60, NOTHING);
        test.activity.wrote(1, test.at(58));
        test.activity.transfer.write_stalled(test.at(58));
        test.assert(68, NOTHING);
    }
}

#[test]
fn slow_reader_is_cut() {
    let mut test = Test::new(true);
    test.activity.begin_request();
    test.activity.transfer.begin_response(test.at(0));
    test.activity.begin_request();
    let second = test.activity.transfer.begin_response(test.at(60));
    (0..120).for_each(|second| test.activity.wrote(1, test.at(second)));
    test.activity.transfer.end_response(second);
    test.activity.end_request(test.at(60));
    test.assert(120, Verdict::Cut("a response is read too slowly"));
}

#[test]
fn stalled_flush_is_cut() {
    let mut test = Test::new(false);
    test.request(1, 1);
    test.activity.transfer.flush(false, test.at(2));
    test.assert(12, NOTHING);
    test.activity.transfer.flush(true, test.at(2));
    test.assert(121, IDLE);
}

#[test]
fn http2_without_requests_is_idle() {
    let mut test = Test::new(true);
    test.request(1, 1);
    test.activity.read(17, test.at(60));
    test.activity.wrote(17, test.at(60));
    test.assert(121, IDLE);
}

#[test]
fn http2_flood_is_cut() {
    let mut test = Test::new(true);
    (0..100).for_each(|_| test.activity.begin_request());
    assert!(matches!(test.activity.verdict(test.at(0)), Verdict::Wait(_)));
    test.activity.begin_request();
    let cut = Verdict::Cut("too many requests at once");
    assert_eq!(test.activity.verdict(test.at(0)), cut);
    // The responses are ready, and the client receives none.
    (0..101).for_each(|_| test.activity.end_request(test.at(0)));
    assert_eq!(test.activity.verdict(test.at(0)), cut);

    let mut test = Test::new(true);
    test.request(0, 0);
    test.activity.wrote(1 << 20, test.at(0));
    test.activity.read(UNSOLICITED, test.at(0));
    assert!(matches!(test.activity.verdict(test.at(0)), Verdict::Wait(_)));
    test.activity.read(1, test.at(0));
    assert_eq!(test.activity.verdict(test.at(0)), Verdict::Cut("too many bytes between requests"));
}

#[test]
fn closing_connection_is_cut_after_a_second() {
    let mut test = Test::new(false);
    test.request(1, 1);
    test.activity.close(test.at(3));
    test.assert(4, Verdict::Cut("it was closed"));
    // A request that arrived just before the close gets its response.
    test.activity.begin_request();
    assert!(matches!(test.activity.verdict(test.at(10)), Verdict::Wait(_)));
    test.activity.end_request(test.at(20));
    test.assert(21, Verdict::Cut("it was closed"));
}

#[test]
fn draining_closes_idle_connections() {
    let mut test = Test::new(true);
    test.activity.begin_request();
    test.activity.is_draining = true;
    assert!(matches!(test.activity.verdict(test.at(0)), Verdict::Wait(_)));
    test.activity.end_request(test.at(1));
    assert_eq!(test.activity.verdict(test.at(1)), Verdict::Close("the exporter ends"));
}
