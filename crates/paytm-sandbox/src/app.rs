//! What every handler shares: the books, the merchants, the pages.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use minijinja::Environment;

use crate::Error;
use crate::bank::merchant;
use crate::clock::Clock;
use crate::config::{Config, Merchant};
use crate::http::html;
use crate::store::{Store, StoreError};

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) clock: Arc<Clock>,
    pub(crate) config: Arc<Config>,
    pub(crate) pages: Arc<Environment<'static>>,
    /// A copy of the merchants in the books, because every call needs its merchant's key.
    merchants: Arc<RwLock<BTreeMap<String, Arc<Merchant>>>>,
}

impl App {
    pub(crate) async fn new(
        store: Store,
        clock: Arc<Clock>,
        config: Arc<Config>,
    ) -> Result<Self, Error> {
        let configured = config.merchants.clone();
        let merchants = store
            .call(move |session| {
                for merchant in &configured {
                    merchant::configure(session, merchant)?;
                }
                merchant::all(session)
            })
            .await?;
        let merchants = merchants
            .into_iter()
            .map(|merchant| (merchant.mid.clone(), Arc::new(merchant)))
            .collect();
        Ok(Self {
            store,
            clock,
            config,
            pages: Arc::new(html::pages()?),
            merchants: Arc::new(RwLock::new(merchants)),
        })
    }

    pub(crate) fn merchant(&self, mid: &str) -> Option<Arc<Merchant>> {
        self.merchants.read().unwrap_or_else(PoisonError::into_inner).get(mid).cloned()
    }

    pub(crate) async fn save_merchant(&self, merchant: Merchant) -> Result<(), StoreError> {
        let saved = Arc::new(merchant);
        let merchant = saved.clone();
        self.store.call(move |session| merchant::save(session, &merchant)).await?;
        self.merchants
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(saved.mid.clone(), saved);
        Ok(())
    }
}
