//! Orders as they stand in the books.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::bank::wallet;
use crate::clock::{Millis, compact_date};
use crate::code;
use crate::paise::Paise;
use crate::scenario::{self, Scenario};
use crate::store::{Session, StoreError, text_enum};

text_enum! {
    /// Where an order stands.
    State {
        /// It has a token; nobody has come yet.
        Initiated = "initiated",
        /// The customer is on the page, or was asked to approve on the phone.
        PageOpen = "page_open",
        /// Attempted; the bank has not said.
        Pending = "pending",
        Success = "success",
        Failure = "failure",
    }
}

/// What happens to an order by itself at its due time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The scenario's customer pays.
    CustomerPays,
    /// The payment ends with this code.
    Ends(String),
}

/// Where the money comes from: a wallet by its phone (or customer) or a bank account by its VPA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payer {
    Wallet(String),
    Upi(String),
}

impl Payer {
    /// The payer's account in the ledger.
    pub(crate) fn account(&self) -> String {
        match self {
            Self::Wallet(owner) => format!("wallet:{owner}"),
            Self::Upi(address) => format!("upi:{address}"),
        }
    }
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "an order has three ids; `id` would not say which")]
pub(crate) struct Order {
    pub(crate) number: i64,
    pub(crate) order_id: String,
    pub(crate) mid: String,
    pub(crate) amount: Paise,
    pub(crate) customer_id: String,
    pub(crate) mobile: String,
    pub(crate) callback_url: String,
    /// Payment modes that the merchant allows.
    pub(crate) wallet: bool,
    pub(crate) upi: bool,
    pub(crate) token: String,
    pub(crate) created_at: Millis,
    pub(crate) scenario: &'static Scenario,
    pub(crate) state: State,
    pub(crate) code: String,
    pub(crate) payer: Option<Payer>,
    pub(crate) attempted_at: Option<Millis>,
    pub(crate) due: Option<(Millis, Event)>,
}

const COLUMNS: &str = "number, order_id, mid, amount, customer_id, mobile, callback_url, wallet, \
                       upi, token, created_at, scenario, state, code, payer, attempted_at, \
                       due_at, due_event";

impl Order {
    /// Whether the customer can still act.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Initiated | State::PageOpen)
    }

    /// Paytm's own id of the payment, 35 digits.
    pub(crate) fn txn_id(&self) -> String {
        transaction_id(self.created_at, self.number)
    }

    /// The bank's reference: 8 digits for the wallet, a 12-digit RRN for UPI, none before the bank
    /// was reached.
    pub(crate) fn bank_txn_id(&self) -> String {
        match (&self.payer, self.attempted_at) {
            (Some(Payer::Wallet(_)), Some(_)) => format!("{:08}", 60_000_000 + self.number),
            (Some(Payer::Upi(_)), Some(_)) => format!("{:012}", 600_000_000_000 + self.number),
            _ => String::new(),
        }
    }

    /// Who pays when no person does: a purse without a bottom, or a bank account if the merchant
    /// does not allow wallets.
    pub(crate) fn automatic_payer(&self) -> Payer {
        if self.wallet {
            Payer::Wallet(wallet::BOTTOMLESS.to_owned())
        } else {
            Payer::Upi("automatic@sandbox".to_owned())
        }
    }

    pub(crate) fn find(
        session: &Session<'_>,
        mid: &str,
        order_id: &str,
    ) -> Result<Option<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM orders WHERE order_id = ?1 AND mid = ?2");
        Ok(session
            .sql
            .prepare_cached(&sql)?
            .query_row([order_id, mid], Self::from_row)
            .optional()?)
    }

    /// The newest order with this id, of whichever merchant.
    pub(crate) fn find_any(
        session: &Session<'_>,
        order_id: &str,
    ) -> Result<Option<Self>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM orders WHERE order_id = ?1 ORDER BY number DESC LIMIT 1"
        );
        Ok(session.sql.prepare_cached(&sql)?.query_row([order_id], Self::from_row).optional()?)
    }

    pub(crate) fn by_number(session: &Session<'_>, number: i64) -> Result<Self, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM orders WHERE number = ?1");
        Ok(session.sql.prepare_cached(&sql)?.query_row([number], Self::from_row)?)
    }

    /// The orders whose time has come.
    pub(crate) fn due(session: &Session<'_>) -> Result<Vec<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM orders WHERE due_at <= ?1 ORDER BY due_at");
        let mut statement = session.sql.prepare_cached(&sql)?;
        let orders = statement.query_map([session.now], Self::from_row)?;
        Ok(orders.collect::<Result<_, _>>()?)
    }

    /// The newest orders, for people.
    pub(crate) fn latest(session: &Session<'_>, count: u32) -> Result<Vec<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM orders ORDER BY number DESC LIMIT ?1");
        let mut statement = session.sql.prepare_cached(&sql)?;
        let orders = statement.query_map([count], Self::from_row)?;
        Ok(orders.collect::<Result<_, _>>()?)
    }

    /// Writes a new order (its `number` is ignored) and returns it with its number.
    pub(crate) fn insert(self, session: &Session<'_>) -> Result<Self, StoreError> {
        session
            .sql
            .prepare_cached(
                "INSERT INTO orders (order_id, mid, amount, customer_id, mobile, callback_url, \
                 wallet, upi, token, created_at, scenario, state, code, due_at, due_event) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?
            .execute(params![
                self.order_id,
                self.mid,
                self.amount,
                self.customer_id,
                self.mobile,
                self.callback_url,
                self.wallet,
                self.upi,
                self.token,
                self.created_at,
                self.scenario.name,
                self.state,
                self.code,
                self.due.as_ref().map(|(at, _)| *at),
                self.due.as_ref().map(|(_, event)| event),
            ])?;
        Ok(Self { number: session.sql.last_insert_rowid(), ..self })
    }

    /// Writes what can change about an order.
    pub(crate) fn save(&self, session: &Session<'_>) -> Result<(), StoreError> {
        session
            .sql
            .prepare_cached(
                "UPDATE orders SET scenario = ?2, state = ?3, code = ?4, payer = ?5, \
                 attempted_at = ?6, due_at = ?7, due_event = ?8 WHERE number = ?1",
            )?
            .execute(params![
                self.number,
                self.scenario.name,
                self.state,
                self.code,
                self.payer,
                self.attempted_at,
                self.due.as_ref().map(|(at, _)| *at),
                self.due.as_ref().map(|(_, event)| event),
            ])?;
        Ok(())
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let due_at: Option<Millis> = row.get("due_at")?;
        let due_event: Option<Event> = row.get("due_event")?;
        let scenario: String = row.get("scenario")?;
        Ok(Self {
            number: row.get("number")?,
            order_id: row.get("order_id")?,
            mid: row.get("mid")?,
            amount: row.get("amount")?,
            customer_id: row.get("customer_id")?,
            mobile: row.get("mobile")?,
            callback_url: row.get("callback_url")?,
            wallet: row.get("wallet")?,
            upi: row.get("upi")?,
            token: row.get("token")?,
            created_at: row.get("created_at")?,
            // A scenario that a newer version dropped counts as none.
            scenario: scenario::by_name(&scenario).unwrap_or(scenario::normal()),
            state: row.get("state")?,
            code: row.get("code")?,
            payer: row.get("payer")?,
            attempted_at: row.get("attempted_at")?,
            due: due_at.zip(due_event),
        })
    }
}

/// 35 digits: the date, the time in milliseconds, and a number that is used once.
pub(crate) fn transaction_id(at: Millis, number: i64) -> String {
    format!("{}{at:013}{number:014}", compact_date(at))
}

/// The code of an order that nobody has tried to pay.
pub(crate) const UNTOUCHED: &str = code::INVALID_ORDER;

const CUSTOMER_PAYS: &str = "customer_pays";

impl ToSql for Event {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::CustomerPays => CUSTOMER_PAYS.to_sql(),
            Self::Ends(code) => code.to_sql(),
        }
    }
}

impl FromSql for Event {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(match value.as_str()? {
            CUSTOMER_PAYS => Self::CustomerPays,
            code => Self::Ends(code.to_owned()),
        })
    }
}

impl ToSql for Payer {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.account().into())
    }
}

impl FromSql for Payer {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()?.split_once(':') {
            Some(("wallet", owner)) => Ok(Self::Wallet(owner.to_owned())),
            Some(("upi", address)) => Ok(Self::Upi(address.to_owned())),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}
