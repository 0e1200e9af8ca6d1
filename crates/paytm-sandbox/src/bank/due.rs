//! What happens by itself when its time has come: sessions end, banks make up their minds, refunds
//! go on.

use crate::bank::order::{Event, Order};
use crate::bank::pay::{self, Attempt};
use crate::bank::refund::{self, Refund};
use crate::store::{Session, StoreError};

/// Applies everything due at the session's time.
pub(crate) fn settle(session: &Session<'_>) -> Result<(), StoreError> {
    for mut order in Order::due(session)? {
        match order.due.clone() {
            Some((_, Event::CustomerPays)) => {
                let payer = order.automatic_payer();
                pay::attempt(session, &mut order, Attempt::Pay(payer))?;
            }
            Some((_, Event::Ends(_))) if order.is_open() => {
                pay::close_session(session, &mut order)?;
            }
            Some((_, Event::Ends(code))) => pay::end(session, &mut order, &code)?,
            None => {}
        }
    }
    for mut refund in Refund::due(session)? {
        while refund.due_at.is_some_and(|at| at <= session.now) {
            refund::proceed(session, &mut refund)?;
        }
    }
    Ok(())
}
