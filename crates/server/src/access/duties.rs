//! Segregation of duties: which roles set prices, close months and hand out files.
//!
//! What a role may do at most is fixed ([`TokenRole::may`]); the operator's settings narrow it, so that, say, whoever
//! sets a price does not also close the month. It binds whoever calls the server; whoever has the directory has
//! everything.

use super::{Act, TokenRole};

/// Who has which duty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Duties {
    set_prices: Vec<TokenRole>,
    close: Vec<TokenRole>,
    export: Vec<TokenRole>,
}

impl Duties {
    /// The roles that set prices, that close months, and that hand out files.
    pub fn new([set_prices, close, export]: [Vec<TokenRole>; 3]) -> Duties {
        Duties { set_prices, close, export }
    }

    /// Reads the roles of a duty, separated by commas.
    ///
    /// # Errors
    /// In words: a role that there is not, one that may never do this, or none at all.
    pub fn read(act: Act, text: &str) -> Result<Vec<TokenRole>, String> {
        let able: Vec<TokenRole> =
            TokenRole::ALL.into_iter().filter(|role| role.may(act)).collect();
        let read = text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| {
            let role = TokenRole::from_word(word).filter(|role| able.contains(role));
            role.ok_or_else(|| {
                format!("names {word:?}; it is for {} or some of them", words(&able))
            })
        });
        let roles = read.collect::<Result<Vec<_>, _>>()?;
        match roles.is_empty() {
            true => Err(format!("names nobody; it is for {} or some of them", words(&able))),
            false => Ok(roles),
        }
    }

    /// Refuses, in words that name the duty, what a role may not do.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, role: TokenRole, act: Act) -> Result<(), String> {
        let (duty, roles) = match act {
            Act::SetPrices => ("set_prices", &self.set_prices),
            Act::CloseMonths => ("close", &self.close),
            Act::Export => ("export", &self.export),
            _ if role.may(act) => return Ok(()),
            _ => return Err(format!("the role {} may not do this", role.word())),
        };
        match roles.contains(&role) {
            true => Ok(()),
            false => Err(format!(
                "the duty {duty} is for {}, not for {}; the server's setting duties_{duty} says so",
                words(roles),
                role.word()
            )),
        }
    }
}

fn words(roles: &[TokenRole]) -> String {
    roles.iter().map(|role| role.word()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use TokenRole::{Admin, Finance, Support};

    #[test]
    fn a_duty_is_of_roles_that_may_have_it() {
        let check = |text: &str, expected: Result<Vec<TokenRole>, &str>| {
            let read = Duties::read(Act::CloseMonths, text);
            let expected =
                expected.map_err(|why| format!("{why}; it is for finance, admin or some of them"));
            assert_eq!(read, expected, "{text}");
        };
        check("finance", Ok(vec![Finance]));
        check(" admin , finance ", Ok(vec![Admin, Finance]));
        check("support", Err("names \"support\""));
        check("finanse", Err("names \"finanse\""));
        check(" , ", Err("names nobody"));
    }

    #[test]
    fn what_is_no_duty_is_up_to_the_role() {
        let duties = Duties::new([vec![Admin], vec![Finance], vec![Finance]]);
        let check = |role, act, expected: Result<(), &str>| {
            assert_eq!(duties.check(role, act), expected.map_err(str::to_owned));
        };
        check(Admin, Act::SetPrices, Ok(()));
        let said = "the duty set_prices is for admin, not for finance; the server's setting duties_set_prices says so";
        check(Finance, Act::SetPrices, Err(said));
        let said = "the duty close is for finance, not for admin; the server's setting duties_close says so";
        check(Admin, Act::CloseMonths, Err(said));
        check(Support, Act::Release, Ok(()));
        check(Support, Act::Forget, Err("the role support may not do this"));
    }
}
