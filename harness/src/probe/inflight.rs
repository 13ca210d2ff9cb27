//! What a session is waiting for: request ids, deadlines, and a memory of ids gone by.

use std::time::Instant;

/// How many consecutive request ids are remembered, which is also the most that can be in flight.
///
/// A power of two, so that the slot of an id is its low bits. 4096 ids at 60,000 packets a second
/// are 68 ms of memory at full load, and unlimited memory for a session that sends little.
const WINDOW: usize = 4096;

/// Requests in flight, by id.
///
/// A ring of slots instead of a map: finding a request is one array access, and a slot keeps the
/// last id it was used for, which is what tells a late answer, a duplicate and an id that was
/// never sent apart.
#[derive(Debug)]
pub(crate) struct InFlight<T> {
    slots: Box<[Slot<T>]>,
    next_id: u32,
    waiting: usize,
    /// No waiting request has an earlier deadline than this. It may be too early, never too late.
    earliest: Option<Instant>,
}

#[derive(Debug)]
struct Slot<T> {
    id: u32,
    state: State<T>,
}

#[derive(Debug)]
enum State<T> {
    Unused,
    Waiting { value: T, deadline: Instant },
    Expired,
    Answered,
}

/// What an answer's request id turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resolution<T> {
    /// The request was waiting for this answer.
    Matched(T),
    /// The request had already been given up because of its time limit.
    Late,
    /// The request had already been answered.
    Duplicate,
    /// No request with this id was sent, or so long ago that it is forgotten.
    Unknown,
}

impl<T> InFlight<T> {
    /// An empty table whose first request id will be `first_id`.
    pub(crate) fn new(first_id: u32) -> Self {
        let slots = (0..WINDOW)
            .map(|_| Slot {
                id: 0,
                state: State::Unused,
            })
            .collect();
        Self {
            slots,
            next_id: first_id,
            waiting: 0,
            earliest: None,
        }
    }

    fn slot(id: u32) -> usize {
        id as usize & (WINDOW - 1)
    }

    /// Whether [`InFlight::insert`] would find no room.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting == WINDOW
    }

    /// How many more requests fit.
    pub(crate) fn room(&self) -> usize {
        WINDOW - self.waiting
    }

    /// Registers a request and returns its id, or gives the value back if the table is full.
    ///
    /// Id 0 is never used: a connector answers with it what it could not decode
    /// (contract#undecodable-frame), so an answer with id 0 must not look like one of ours.
    pub(crate) fn insert(&mut self, value: T, deadline: Instant) -> Result<u32, T> {
        if self.is_full() {
            return Err(value);
        }
        loop {
            let id = self.next_id;
            self.next_id = id.wrapping_add(1);
            let slot = &mut self.slots[Self::slot(id)];
            // A slot still in use belongs to a slow request from a window ago: its id stays
            // reserved, and the new request takes the next free one.
            if id == 0 || matches!(slot.state, State::Waiting { .. }) {
                continue;
            }
            *slot = Slot {
                id,
                state: State::Waiting { value, deadline },
            };
            self.waiting += 1;
            self.earliest = Some(self.earliest.map_or(deadline, |at| at.min(deadline)));
            return Ok(id);
        }
    }

    /// Takes the request that an answer with this id belongs to.
    pub(crate) fn resolve(&mut self, id: u32) -> Resolution<T> {
        let slot = &mut self.slots[Self::slot(id)];
        if slot.id != id {
            return Resolution::Unknown;
        }
        match std::mem::replace(&mut slot.state, State::Answered) {
            State::Waiting { value, .. } => {
                self.waiting -= 1;
                if self.waiting == 0 {
                    self.earliest = None;
                }
                Resolution::Matched(value)
            }
            State::Expired => Resolution::Late,
            State::Answered => Resolution::Duplicate,
            State::Unused => {
                slot.state = State::Unused;
                Resolution::Unknown
            }
        }
    }

    /// A moment before or at the first deadline; `None` when nothing waits.
    pub(crate) fn next_sweep(&self) -> Option<Instant> {
        self.earliest
    }

    /// Takes every request whose deadline has come and hands it to `expired`.
    ///
    /// One pass over the window. It runs at most once per time limit while answers come in time,
    /// because the bound it leaves behind is the first deadline that is really outstanding.
    pub(crate) fn sweep(&mut self, now: Instant, mut expired: impl FnMut(T)) {
        let mut earliest: Option<Instant> = None;
        for slot in &mut self.slots {
            let State::Waiting { deadline, .. } = &slot.state else {
                continue;
            };
            if *deadline > now {
                earliest = Some(earliest.map_or(*deadline, |at| at.min(*deadline)));
                continue;
            }
            if let State::Waiting { value, .. } = std::mem::replace(&mut slot.state, State::Expired)
            {
                self.waiting -= 1;
                expired(value);
            }
        }
        self.earliest = earliest;
    }

    /// Takes everything that waits, for a connection that is lost.
    pub(crate) fn drain(&mut self, mut lost: impl FnMut(T)) {
        for slot in &mut self.slots {
            if matches!(slot.state, State::Waiting { .. })
                && let State::Waiting { value, .. } =
                    std::mem::replace(&mut slot.state, State::Expired)
            {
                lost(value);
            }
        }
        self.waiting = 0;
        self.earliest = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn ids_count_up_and_answers_match_once() {
        let mut table = InFlight::new(1);
        assert_eq!(table.insert("a", soon()), Ok(1));
        assert_eq!(table.insert("b", soon()), Ok(2));
        assert_eq!(table.room(), WINDOW - 2);
        assert_eq!(table.resolve(2), Resolution::Matched("b"));
        assert_eq!(table.resolve(2), Resolution::Duplicate);
        assert_eq!(table.resolve(3), Resolution::Unknown);
        assert_eq!(table.resolve(0), Resolution::Unknown);
        assert_eq!(table.resolve(1), Resolution::Matched("a"));
        assert_eq!(table.room(), WINDOW);
        assert_eq!(table.next_sweep(), None);
    }

    #[test]
    fn an_expired_request_makes_its_answer_late_and_the_next_one_a_duplicate() {
        let now = Instant::now();
        let mut table = InFlight::new(1);
        let first = now + Duration::from_millis(10);
        let second = now + Duration::from_millis(20);
        table.insert("a", first).unwrap();
        table.insert("b", second).unwrap();
        assert_eq!(table.next_sweep(), Some(first));

        let mut expired = Vec::new();
        table.sweep(first, |value| expired.push(value));
        assert_eq!(expired, ["a"]);
        assert_eq!(table.next_sweep(), Some(second));
        assert_eq!(table.resolve(1), Resolution::Late);
        assert_eq!(table.resolve(1), Resolution::Duplicate);
        assert_eq!(table.resolve(2), Resolution::Matched("b"));
    }

    #[test]
    fn a_full_table_gives_the_value_back_and_a_slow_request_keeps_its_id() {
        let mut table = InFlight::new(1);
        for number in 0..WINDOW {
            table.insert(number, soon()).unwrap();
        }
        assert!(table.is_full());
        assert_eq!(table.insert(usize::MAX, soon()), Err(usize::MAX));

        assert_eq!(table.resolve(7), Resolution::Matched(6));
        // The only free slot is that of id 7, and the next id with that slot is a window later.
        assert_eq!(table.insert(99, soon()), Ok(7 + WINDOW as u32));
        assert_eq!(table.resolve(7), Resolution::Unknown);
        assert_eq!(table.resolve(1), Resolution::Matched(0));
    }

    #[test]
    fn ids_wrap_without_ever_being_zero() {
        let mut table = InFlight::new(u32::MAX);
        assert_eq!(table.insert((), soon()), Ok(u32::MAX));
        assert_eq!(table.insert((), soon()), Ok(1));
        assert_eq!(table.resolve(u32::MAX), Resolution::Matched(()));
    }

    #[test]
    fn a_lost_connection_takes_everything() {
        let mut table = InFlight::new(1);
        for number in 0..3 {
            table.insert(number, soon()).unwrap();
        }
        let mut lost = Vec::new();
        table.drain(|value| lost.push(value));
        assert_eq!(lost, [0, 1, 2]);
        assert_eq!(table.room(), WINDOW);
        assert_eq!(table.next_sweep(), None);
    }
}
