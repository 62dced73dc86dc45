//! Seeds that once showed a fault, each with what it was, and some hundred others.

use std::sync::Mutex;

use tress_sim::World;

/// Descriptors are numbered for the whole process: one seed at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn passes(world: World, seeds: impl IntoIterator<Item = u64>) {
    let _one = ONE_AT_A_TIME.lock();
    for seed in seeds {
        if let Err(failure) = tress_sim::run(world, seed, false) {
            panic!("seed {seed} of {world:?}: {}", failure.what);
        }
    }
}

/// The head of an upload took longer than the wait for `100 Continue`, which was over before it
/// had begun: the transfer was run again and again within one action.
#[test]
fn the_wait_for_100_begins_when_the_head_has_gone() {
    passes(World::Web, [3]);
}

/// A look-up that nobody waited for any more kept the resolver's descriptor watched.
#[test]
fn a_removed_transfer_takes_its_look_up_along() {
    passes(World::Web, [19, 40]);
}

/// Paused while its tunnel was being made, a transfer left its socket watched for writing.
#[test]
fn a_pause_during_connect_does_not_spin() {
    passes(World::Web, [84]);
}

/// An upload over HTTP/2 asked for its progress again and again within one action.
#[test]
fn progress_of_an_http2_upload_ends() {
    passes(World::Web, [376, 467, 701]);
}

#[test]
fn other_seeds() {
    passes(World::Web, 0..150);
    passes(World::Conversations, 0..150);
}
