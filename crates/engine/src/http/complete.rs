//! The response is complete: done, or another request of the same transfer.

use tress_model::Result;
use tress_model::url::UrlFlags;
use tress_proto::http::redirect;

use super::Next;
use crate::TransferId;
use crate::destination::HttpWish;
use crate::multi::{Flow, Multi};
use crate::options::{FollowLocation, Options, PostRedir};
use crate::plan::Plan;
use crate::transfer::State;

impl Multi {
    /// Ends the exchange.
    pub(crate) fn complete(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        if transfer.infos.response_code == 101
            && transfer.exchange.stream.is_none()
            && transfer.plan()?.destination.http == HttpWish::Upgrade
        {
            return Ok(self.switch_to_http2(id));
        }
        if transfer.infos.response_code == 101 && transfer.is_websocket() {
            return self.open_websocket(id);
        }
        if transfer.exchange.foreign {
            transfer.check_rtsp_reply()?;
        }
        let exchange = &mut transfer.exchange;
        if exchange.body.state() != crate::body_out::BodyState::Ended || !exchange.out_is_sent() {
            // An answer before the end of the request: what is not sent never will be.
            exchange.body.give_up();
            exchange.drop_unsent();
            exchange.close = true;
        }
        match exchange.next.take() {
            None => {
                transfer.infos.redirect_url = transfer.redirect_url();
                if self.ask_progress(id) {
                    return Ok(Flow::Asked);
                }
                self.finish(id, Ok(()));
                Ok(Flow::Wait)
            }
            Some(Next::Retry) => {
                core.info(transfer, || "Connection died, retrying a fresh connect".to_owned());
                transfer.need_fresh = true;
                self.again(id, false)
            }
            Some(Next::Refused { counts }) => {
                core.info(transfer, || "REFUSED_STREAM, retrying a fresh connect".to_owned());
                let refused = &mut transfer.exchange.follow.refused;
                *refused = (*refused + u8::from(counts)).max(1);
                self.again(id, false)
            }
            Some(Next::OnlyHttp1) => {
                transfer.exchange.follow.only_http1 = true;
                transfer.plan = Some(Plan::again(transfer, core)?.into());
                self.again(id, false)
            }
            Some(Next::Redirect) => {
                self.follow(id)?;
                self.again(id, false)
            }
            Some(Next::WithoutExpect) => {
                transfer.exchange.follow.expect_disabled = true;
                transfer.plan = Some(Plan::again(transfer, core)?.into());
                self.again(id, false)
            }
            Some(Next::Authenticate) if transfer.needs_http1_to_authenticate() => {
                core.info(transfer, || "Forcing HTTP/1.1 for NTLM".to_owned());
                transfer.exchange.follow.only_http1 = true;
                transfer.plan = Some(Plan::again(transfer, core)?.into());
                self.again(id, false)
            }
            Some(Next::Authenticate) => {
                // libcurl counts it among the redirects.
                transfer.infos.redirect_count += 1;
                self.again(id, true)
            }
        }
    }

    /// The same transfer makes another request, to the `same` place or elsewhere.
    fn again(&mut self, id: TransferId, same: bool) -> Result<Flow> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        transfer.infos.times.redirect = transfer.since_start(core.now);
        let keep = transfer.exchange.keeps_connection();
        let needed = transfer.plan()?.head.kind.has_body() || transfer.uploads_by_commands();
        let rewinds = needed && transfer.exchange.body.taken() > 0;
        transfer.state = State::Start;
        transfer.allowed_to_send = false;
        transfer.headers.start_next_request();
        if !(keep && same && self.keep_own(id)) {
            self.release(id, keep);
        }
        if rewinds {
            return self.rewind(id);
        }
        Ok(Flow::Again)
    }

    /// Keeps the connection for the transfer's next request: the authentication may be bound to
    /// it. False: it is of no use.
    fn keep_own(&mut self, id: TransferId) -> bool {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return false };
        let Some(conn_id) = transfer.conn else { return false };
        let refused = transfer.options.forbid_reuse && !transfer.is_bound(&conn.bound);
        if refused || !conn.leftover.is_empty() || conn.has_streams() {
            return false;
        }
        core.input.discard(conn_id);
        conn.last_used = core.now;
        conn.readable = false;
        true
    }

    /// The body of the request is needed from its start again.
    fn rewind(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        core.info(transfer, || "Rewinding stream before next send".to_owned());
        if !transfer.exchange.body.asks_application() {
            return Ok(Flow::Again);
        }
        Ok(core.ask(id, crate::Effect::Seek { transfer: id, offset: 0 }))
    }

    /// Moves the plan to where the response points to.
    fn follow(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(()) };
        let options = transfer.options.clone();
        let allowed =
            redirect::check_limit(transfer.exchange.follow.count, i64::from(options.maxredirs));
        if allowed.is_err() {
            transfer.infos.redirect_url = transfer.redirect_url();
        }
        allowed?;
        let Some(location) = transfer.exchange.location.take() else { return Ok(()) };
        let plan = transfer.plan()?;
        let (kind, origin) = (plan.head.kind, plan.origin());
        let from = plan.url.to_bytes(UrlFlags::empty()).unwrap_or_default();
        let status = transfer.infos.response_code as u16;
        let next = redirect::next(status, kind, how(options.followlocation), keep_post(&options));
        let follow = &mut transfer.exchange.follow;
        follow.count += 1;
        follow.origin.get_or_insert_with(|| origin.clone());
        follow.kind = Some(next.kind);
        follow.drop_custom_method |= next.drop_custom_method;
        if options.http().autoreferer {
            follow.referer = Some(redirect::referer(&from).into());
        }
        transfer.infos.redirect_count += 1;
        let plan = Plan::redirected(transfer, core, &location)?;
        core.info(transfer, || {
            let url = plan.url.to_bytes(UrlFlags::empty()).unwrap_or_default();
            format!("Issue another request to this URL: '{}'", String::from_utf8_lossy(&url))
        });
        if let Some(auth) = transfer.auth.as_mut().filter(|_| !origin.is(&plan.url)) {
            auth.leave_origin();
        }
        transfer.plan = Some(plan.into());
        Ok(())
    }
}

fn how(mode: FollowLocation) -> redirect::Follow {
    match mode {
        FollowLocation::ObeyCode => redirect::Follow::ObeyCode,
        FollowLocation::FirstOnly => redirect::Follow::FirstOnly,
        FollowLocation::All | FollowLocation::No => redirect::Follow::All,
    }
}

fn keep_post(options: &Options) -> redirect::KeepPost {
    let keep = options.http().postredir;
    redirect::KeepPost {
        after_301: keep.contains(PostRedir::POST_301),
        after_302: keep.contains(PostRedir::POST_302),
        after_303: keep.contains(PostRedir::POST_303),
    }
}

impl crate::transfer::Transfer {
    /// Where a redirect that is not followed would lead to.
    fn redirect_url(&self) -> Option<Box<[u8]>> {
        let location = self.exchange.location.as_deref()?;
        if !(300..400).contains(&self.infos.response_code) {
            return None;
        }
        let plan = self.plan.as_deref()?;
        let url = plan.url.join(location, UrlFlags::NON_SUPPORT_SCHEME).ok()?;
        url.to_bytes(UrlFlags::empty()).ok().map(Vec::into_boxed_slice)
    }
}
