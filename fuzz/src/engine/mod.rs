//! The whole engine through its C interface: hostile servers, and an application that calls
//! anything at any time, from callbacks too.
//!
//! An input is a list of records: a byte that says what is done, a length, and so many bytes.
//! Network and clock are virtual (the simulator's seam in `tress-net`; `clock`), so an input always
//! does the same, and minutes of waiting cost nothing. Checked after each call: the invariants of
//! the engine (`Multi::audit`), sockets announced and open, locks, transfers that end once; at the
//! end that nothing is left. What C cannot prevent, dangling pointers or sizes that lie, is not done.

mod abi;
mod callbacks;
mod calls;
mod clock;
mod network;
mod options;
mod world;

use std::sync::Once;

use tress_net::sim::Installed;

use self::world::{WORLD, World};

/// Records of an input at most.
const MOST_RECORDS: usize = 300;

pub fn run(data: &[u8]) {
    static ONCE: Once = Once::new();
    ONCE.call_once(prepare);
    let Some((&order, mut rest)) = data.split_first() else { return };
    // The last world's handles are gone, so nothing points into it.
    WORLD.with(|world| {
        world.reset();
        let _network = Installed::new(world.net.clone());
        for _ in 0..MOST_RECORDS {
            let Some((&[what, len], more)) = rest.split_first_chunk::<2>() else { break };
            let (record, after) = more.split_at(more.len().min(len.into()));
            rest = after;
            if world.trace.get() {
                eprintln!("{} {:?}", what % 32, record.escape_ascii().to_string());
            }
            perform(world, what, record);
            world.check();
        }
        world.end(order);
    });
}

/// The process alone: no files but in a directory of its own, no proxies of the environment.
fn prepare() {
    let home = options::directory();
    std::fs::create_dir_all(&home).expect("a directory for files");
    // SAFETY: there is one thread.
    unsafe {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().to_lowercase().ends_with("_proxy") {
                std::env::remove_var(name);
            }
        }
        std::env::set_var("HOME", &home);
        abi::curl_global_init(3);
    }
}

fn perform(world: &World, what: u8, record: &[u8]) {
    let (&first, rest) = record.split_first().unwrap_or((&0, &[]));
    match what % 32 {
        0..=3 => calls::server(world, first, rest),
        4 => calls::connects(world, record),
        5..=10 => options::set(world, first.into(), rest),
        11 => options::set_multi(world, first.into(), rest),
        12 => callbacks::add(world, (first & 7).into(), (first >> 7).into()),
        13 => world.remove(usize::from(first) % world::EASIES),
        14 => calls::pause(world, first, rest),
        15..=17 => world.pump((first & 1).into(), (first >> 1).into()),
        18 => calls::action(world, first, rest),
        19 => calls::wait(world, first, rest),
        20 => calls::handle(world, first, rest),
        21 => calls::share(world, first, rest),
        22 => calls::url(world, first, rest),
        23 => calls::mime(world, first, rest),
        24 => calls::ask(world, first, rest),
        25 => calls::raw(world, first, rest),
        26 => calls::blocking(world, first.into()),
        27 => world.decisions.borrow_mut().extend(record),
        28 => calls::text(world, first, rest),
        29 => calls::file(first, rest),
        30 => clock::advance(u64::from(first) << rest.len().min(12)),
        _ => calls::room(world, first, rest),
    }
}
