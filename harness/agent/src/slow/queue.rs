//! Packets that wait, in their order.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Packets that are each held for the same time.
#[derive(Debug)]
pub(super) struct Queue {
    by: Duration,
    /// How many bytes it holds at most.
    room: usize,
    bytes: usize,
    waiting: VecDeque<(Instant, Vec<u8>)>,
    /// How many packets there was no room for.
    pub(super) left_out: u64,
}

impl Queue {
    pub(super) fn new(by: Duration, room: usize) -> Self {
        Self {
            by,
            room,
            bytes: 0,
            waiting: VecDeque::new(),
            left_out: 0,
        }
    }

    /// Takes a packet that has come now, where there is room for it.
    pub(super) fn take(&mut self, now: Instant, packet: &[u8]) {
        if packet.len() > self.room - self.bytes {
            self.left_out += 1;
            return;
        }
        self.bytes += packet.len();
        self.waiting.push_back((now + self.by, packet.to_vec()));
    }

    /// When the next one has waited long enough.
    pub(super) fn next(&self) -> Option<Instant> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// The first one, if it has waited long enough by now.
    pub(super) fn due(&mut self, now: Instant) -> Option<Vec<u8>> {
        let is_due = self.next().is_some_and(|due| due <= now);
        is_due.then(|| self.first())?
    }

    /// The first one, however long it has waited.
    pub(super) fn first(&mut self) -> Option<Vec<u8>> {
        let (_, packet) = self.waiting.pop_front()?;
        self.bytes -= packet.len();
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: Duration = Duration::from_millis(300);

    #[test]
    fn each_waits_for_its_time_and_none_overtakes() {
        let mut queue = Queue::new(BY, 100);
        let begun = Instant::now();
        let later = begun + Duration::from_millis(10);
        assert_eq!(queue.next(), None);
        queue.take(begun, b"first");
        queue.take(begun, b"second");
        queue.take(later, b"third");
        assert_eq!(queue.next(), Some(begun + BY));
        assert_eq!(queue.due(begun + BY - Duration::from_nanos(1)), None);
        assert_eq!(queue.due(begun + BY).as_deref(), Some(&b"first"[..]));
        assert_eq!(queue.due(begun + BY).as_deref(), Some(&b"second"[..]));
        assert_eq!(queue.due(begun + BY), None);
        assert_eq!(queue.next(), Some(later + BY));
        assert_eq!(queue.due(later + BY).as_deref(), Some(&b"third"[..]));
        assert_eq!(queue.due(later + BY), None);
    }

    #[test]
    fn what_there_is_no_room_for_is_left_out_and_counted() {
        let mut queue = Queue::new(BY, 10);
        let now = Instant::now();
        queue.take(now, &[1; 6]);
        queue.take(now, &[2; 5]);
        queue.take(now, &[3; 4]);
        queue.take(now, &[4; 1]);
        assert_eq!(queue.left_out, 2);
        assert_eq!(queue.first(), Some(vec![1; 6]));
        // There is room again for what has gone, and no more.
        queue.take(now, &[5; 7]);
        queue.take(now, &[6; 6]);
        assert_eq!(queue.left_out, 3);
        assert_eq!(queue.first(), Some(vec![3; 4]));
        assert_eq!(queue.first(), Some(vec![6; 6]));
        assert_eq!(queue.first(), None);
    }
}
