//! What a response tells to remember, and what a request says of it: cookies, HSTS, Alt-Svc.

use std::borrow::Cow;
use std::collections::VecDeque;

use tress_model::altsvc::Alpn;
use tress_model::cookie::{MAX_SET_COOKIES, Refused, Response, is_secure_context};
use tress_proto::h1::Field;
use tress_proto::http::custom;

use super::head::Varying;
use crate::effect::{DebugKind, Effect};
use crate::multi::{Core, Out};
use crate::plan::Plan;
use crate::stores::{self, Stores, lock};
use crate::transfer::Transfer;

type Outbox = VecDeque<Out>;

impl Transfer {
    /// Is it a header that one of the stores heeds?
    pub(super) fn remembers(&self, field: Field) -> bool {
        let Some(stores) = &self.stores else { return false };
        match field {
            Field::SetCookie => stores.cookie_engine && stores.cookies.is_some(),
            Field::StrictTransportSecurity => stores.hsts.is_some(),
            Field::AltSvc => stores.altsvc.is_some(),
            _ => false,
        }
    }

    /// Heeds a header that a store asked for.
    pub(super) fn remember(&mut self, outbox: &mut Outbox, field: Field, value: &[u8]) {
        let (Some(stores), Some(plan)) = (self.stores.clone(), self.plan.as_deref()) else {
            return;
        };
        let now = stores::unix_now();
        match field {
            Field::SetCookie => self.keep_cookie(outbox, &stores, value, now),
            Field::StrictTransportSecurity if stores::heeds_hsts(&plan.url) => {
                let Some(hsts) = &stores.hsts else { return };
                if lock(hsts).heed_header(&plan.url.host_key(), value, now).is_err() {
                    self.note(outbox, || "Illegal STS header skipped".to_owned());
                }
            }
            Field::AltSvc if stores::heeds_altsvc(&plan.url) => {
                let Some(altsvc) = &stores.altsvc else { return };
                let alpn = match self.infos.http_version {
                    30 => Alpn::H3,
                    3 => Alpn::H2,
                    _ => Alpn::H1,
                };
                let origin = stores::origin(&plan.url, alpn);
                for added in lock(altsvc).heed_header(&origin, value, now) {
                    self.note(outbox, || {
                        let host = String::from_utf8_lossy(&added.service.host);
                        let (port, alpn) = (added.service.port, added.service.alpn.id());
                        format!("Added alt-svc: {host}:{port} over {alpn}")
                    });
                }
            }
            _ => {}
        }
    }

    /// Verbose text, as [`Core::info`] tells it.
    fn note(&self, outbox: &mut Outbox, text: impl FnOnce() -> String) {
        if self.options.verbose {
            let mut bytes = text().into_bytes();
            bytes.push(b'\n');
            let (transfer, kind) = (self.id(), DebugKind::Text);
            outbox.push_back(Out::Effect(Effect::Debug { transfer, kind, bytes }));
        }
    }

    fn keep_cookie(&mut self, outbox: &mut Outbox, stores: &Stores, value: &[u8], now: i64) {
        if usize::from(self.exchange.set_cookies) >= MAX_SET_COOKIES {
            return;
        }
        self.exchange.set_cookies += 1;
        let (Some(jar), Some(plan)) = (&stores.cookies, self.plan.as_deref()) else { return };
        let mut jar = lock(jar);
        let host = self.cookie_host(plan);
        let note = match jar.set_from_response(value, &place(plan, &host), now) {
            Ok(kept) if self.options.verbose => kept.cookie.note(kept.replaced),
            Ok(_) => return,
            Err(Refused(why)) => why.into_owned(),
        };
        drop(jar);
        if !note.is_empty() {
            self.note(outbox, || note);
        }
    }

    /// Puts the jar's cookies into the next request.
    pub(super) fn add_cookies(&self, core: &mut Core, plan: &Plan, varying: &mut Varying) {
        let Some(stores) = self.stores.as_deref().filter(|stores| stores.cookie_engine) else {
            return;
        };
        let Some(jar) = &stores.cookies else { return };
        let mut jar = lock(jar);
        if jar.is_empty() {
            return;
        }
        let now = stores::unix_now();
        let host = self.cookie_host(plan);
        let written = jar.write_header(&mut varying.jar_cookies, &place(plan, &host), now);
        drop(jar);
        varying.jar_is_cut = written.full;
        if varying.jar_is_cut {
            core.info(self, || "Restricted outgoing cookies due to header size".to_owned());
        }
    }

    /// Whom the request is for, as cookies see it: the host of a custom `Host` header, as long
    /// as that is sent.
    fn cookie_host<'a>(&'a self, plan: &'a Plan) -> Cow<'a, [u8]> {
        let headers = self.options.httpheader.as_deref().unwrap_or_default();
        let first = self.exchange.follow.origin.as_ref().is_none_or(|first| first.is(&plan.url));
        match custom::cookie_host(headers).filter(|_| first) {
            Some(custom) => Cow::Borrowed(custom),
            None => plan.url.host_key(),
        }
    }
}

/// Where a request goes to, as cookies see it.
fn place<'a>(plan: &'a Plan, host: &'a [u8]) -> Response<'a> {
    let tls = plan.url.scheme().is_some_and(|scheme| scheme.is_tls());
    Response { host, path: plan.url.path(), secure: is_secure_context(tls, host) }
}
