//! A proxy between a process and what it connects to, which does to connections what networks do.
//!
//! It serves in the test's process, on the runtime that has made it, and ends when it is dropped.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::process::PATIENCE;

/// How much one connection has under way in one direction, at most. What does not fit stays with the sender.
const UNDER_WAY: usize = 16 * 1024;

/// The direction in which something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From who connects to the target.
    There,
    /// From the target to who has connected.
    Back,
}

/// A proxy on a port of 127.0.0.1, in front of one target.
///
/// Bytes that it holds are delivered when they are released, whether or not who has sent them is there still: so a request
/// can arrive long after its sender has given it up. That the sender is gone is told to the target when it has answered.
pub struct FaultProxy {
    address: SocketAddr,
    state: watch::Sender<State>,
    accepting: JoinHandle<()>,
}

/// What goes wrong now, and what has come.
#[derive(Clone, Debug, Default)]
struct State {
    there: Leg,
    back: Leg,
    refuses: bool,
    /// Grows when all connections are cut: those that began before are over.
    cuts: u64,
    /// How many answers are still to be dropped.
    drops: usize,
    accepted: usize,
    dropped: usize,
}

/// One direction.
#[derive(Clone, Debug, Default)]
struct Leg {
    holds: bool,
    delay: Duration,
    /// How many connections have something that is held.
    held: usize,
    /// How many pieces were passed on.
    passed: usize,
}

impl State {
    fn leg(&self, way: Way) -> &Leg {
        match way {
            Way::There => &self.there,
            Way::Back => &self.back,
        }
    }

    fn leg_mut(&mut self, way: Way) -> &mut Leg {
        match way {
            Way::There => &mut self.there,
            Way::Back => &mut self.back,
        }
    }
}

impl FaultProxy {
    /// A proxy through which everything goes as it is, until it is told otherwise.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = watch::Sender::new(State::default());
        let accepting = tokio::spawn(accept(listener, target, state.clone()));
        Self { address, state, accepting }
    }

    /// Where to connect to, in place of the target.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds what goes this way, from now on and until it is released.
    pub fn hold(&self, way: Way) {
        self.state.send_modify(|state| state.leg_mut(way).holds = true);
    }

    /// Waits until something is held that goes this way.
    pub async fn held(&self, way: Way) {
        self.held_of(way, 1).await;
    }

    /// Waits until something is held of so many connections that goes this way.
    pub async fn held_of(&self, way: Way, connections: usize) {
        let what = || format!("nothing is held of {connections} connections that goes {way:?}");
        self.when(|state| state.leg(way).held >= connections, what).await;
    }

    /// Lets go what goes this way, and what is held.
    pub fn release(&self, way: Way) {
        self.state.send_modify(|state| state.leg_mut(way).holds = false);
    }

    /// Holds everything: the other side is there, and says nothing.
    pub fn freeze(&self) {
        self.hold(Way::There);
        self.hold(Way::Back);
    }

    /// Lets everything go.
    pub fn thaw(&self) {
        self.release(Way::There);
        self.release(Way::Back);
    }

    /// Has each piece that goes this way take so long.
    pub fn delay(&self, way: Way, by: Duration) {
        self.state.send_modify(|state| state.leg_mut(way).delay = by);
    }

    /// Whether connections are closed as soon as they are made.
    pub fn refuse(&self, refuses: bool) {
        self.state.send_modify(|state| state.refuses = refuses);
    }

    /// Breaks all connections off, with what is held of them.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Drops the next answers: their connections are broken off in place of what comes back.
    pub fn drop_answers(&self, answers: usize) {
        self.state.send_modify(|state| state.drops = answers);
    }

    /// Waits until so many answers were dropped, from the beginning.
    pub async fn dropped(&self, answers: usize) {
        self.when(|state| state.dropped >= answers, || format!("{answers} answers are not dropped")).await;
    }

    /// How many connections were accepted, those that were refused not counted.
    pub fn accepted(&self) -> usize {
        self.state.borrow().accepted
    }

    /// How many pieces went this way.
    pub fn passed(&self, way: Way) -> usize {
        self.state.borrow().leg(way).passed
    }

    async fn when(&self, is_so: impl Fn(&State) -> bool, what: impl Fn() -> String) {
        let mut watching = self.state.subscribe();
        let seen = timeout(PATIENCE, watching.wait_for(|state| is_so(state))).await;
        seen.unwrap_or_else(|_| panic!("{} within {PATIENCE:?}", what())).expect("the proxy is here");
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // The connections end with it.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, state: watch::Sender<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                if !state.borrow().refuses {
                    state.send_modify(|state| state.accepted += 1);
                    connections.spawn(connect(stream, target, state.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connect(near: TcpStream, target: SocketAddr, state: watch::Sender<State>) {
    let cuts = state.borrow().cuts;
    let Ok(far) = TcpStream::connect(target).await else { return };
    // A piece is passed on as soon as it comes.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let owed = watch::Sender::new(false);
    let there = pump(Way::There, near_in, far_out, &state, &owed);
    let back = pump(Way::Back, far_in, near_out, &state, &owed);
    let both = async { tokio::try_join!(there, back) };
    let mut watching = state.subscribe();
    // What it answers with is a lock on the state, which is not to be had while what is held is let go of.
    let cut = async { drop(watching.wait_for(|state| state.cuts > cuts).await) };
    tokio::select! {
        _ = both => {}
        () = cut => {}
    }
}

/// A connection that is to be broken off, both ways.
struct BrokenOff;

/// Passes on what comes one way, to its end.
async fn pump(
    way: Way,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: &watch::Sender<State>,
    owed: &watch::Sender<bool>,
) -> Result<(), BrokenOff> {
    let mut watching = state.subscribe();
    let mut piece = vec![0; UNDER_WAY];
    // An answer is owed for what went there, until something or the end comes back.
    let set_owed = |it_is: bool| owed.send_replace(it_is);
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        if way == Way::Back {
            set_owed(false);
        }
        let delay = state.borrow().leg(way).delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if state.borrow().leg(way).holds {
            let _held = Held::new(way, state);
            if watching.wait_for(|state| !state.leg(way).holds).await.is_err() {
                return Err(BrokenOff);
            }
        }
        if way == Way::Back && drops(state) {
            return Err(BrokenOff);
        }
        if way == Way::There {
            set_owed(true);
        }
        if to.write_all(&piece[..length]).await.is_err() {
            break;
        }
        state.send_modify(|state| state.leg_mut(way).passed += 1);
    }
    match way {
        Way::Back => drop(set_owed(false)),
        Way::There => drop(owed.subscribe().wait_for(|owed| !owed).await),
    }
    let _ = to.shutdown().await;
    Ok(())
}

/// Whether this answer is one of those to be dropped.
fn drops(state: &watch::Sender<State>) -> bool {
    state.send_if_modified(|state| {
        let drops = state.drops > 0;
        if drops {
            state.drops -= 1;
            state.dropped += 1;
        }
        drops
    })
}

/// Something that is held, for as long as it is.
struct Held<'a> {
    way: Way,
    state: &'a watch::Sender<State>,
}

impl<'a> Held<'a> {
    fn new(way: Way, state: &'a watch::Sender<State>) -> Self {
        state.send_modify(|state| state.leg_mut(way).held += 1);
        Self { way, state }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.state.send_modify(|state| state.leg_mut(self.way).held -= 1);
    }
}
