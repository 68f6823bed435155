//! Reads the text form of a row rule. Recursive descent with a depth limit; never panics.

use super::{Compare, RowRule, RuleError, Wanted};
use crate::data::Value;

/// Deepest nesting.
pub const MOST_DEPTH: usize = 50;
/// Longest text in characters.
pub const MOST_CHARS: usize = 65_536;

/// Words that cannot be bare item names.
pub(super) const KEYWORDS: &[&str] = &["AND", "OR", "NOT", "IN", "LIKE", "IS", "NULL", "TRUE", "FALSE"];

/// May it stand in a bare item name?
pub(super) fn is_name(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A bare word, as written.
    Word(String),
    /// A quoted item name.
    Quoted(String),
    /// A text literal.
    Text(String),
    /// A number literal, as written.
    Number(String),
    /// An operator.
    Op(Compare),
    Open,
    Close,
    Comma,
    End,
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

/// Reads a rule.
pub(super) fn parse(text: &str) -> Result<RowRule, RuleError> {
    if text.chars().nth(MOST_CHARS).is_some() {
        return Err(RuleError::Long);
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    let rule = parser.any()?;
    match parser.peek() {
        Token::End => Ok(rule),
        _ => Err(parser.expected(Wanted::AndOrEnd)),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, RuleError> {
    let letters: Vec<char> = text.chars().collect();
    let get = |place: usize| letters.get(place).copied();
    let mut found = Vec::new();
    let mut place = 0;
    while let Some(it) = get(place) {
        let at = place + 1;
        let mut take = 1;
        let token = match (it, get(place + 1)) {
            (it, _) if it.is_whitespace() => {
                place += 1;
                continue;
            }
            ('(', _) => Token::Open,
            (')', _) => Token::Close,
            (',', _) => Token::Comma,
            ('=', _) => Token::Op(Compare::Eq),
            ('<', Some('>')) | ('!', Some('=')) => {
                take = 2;
                Token::Op(Compare::Ne)
            }
            ('<', Some('=')) => {
                take = 2;
                Token::Op(Compare::Le)
            }
            ('>', Some('=')) => {
                take = 2;
                Token::Op(Compare::Ge)
            }
            ('<', _) => Token::Op(Compare::Lt),
            ('>', _) => Token::Op(Compare::Gt),
            ('\'' | '"', _) => {
                let (inside, length) = quoted(letters.get(place..).unwrap_or(&[])).ok_or(RuleError::Expected {
                    at: letters.len() + 1,
                    expected: if it == '"' {
                        Wanted::ClosingDouble
                    } else {
                        Wanted::ClosingSingle
                    },
                })?;
                take = length;
                if it == '"' {
                    Token::Quoted(inside)
                } else {
                    Token::Text(inside)
                }
            }
            (it, next) if it.is_ascii_digit() || it == '-' && next.is_some_and(|it| it.is_ascii_digit()) => {
                let (token, length) = number(letters.get(place..).unwrap_or(&[]), at)?;
                take = length;
                token
            }
            (it, _) if is_name(it) => {
                take = letters.iter().skip(place).take_while(|it| is_name(**it)).count();
                Token::Word(letters.iter().skip(place).take(take).collect())
            }
            _ => {
                return Err(RuleError::Expected {
                    at,
                    expected: Wanted::Something,
                });
            }
        };
        found.push((at, token));
        place += take;
    }
    found.push((letters.len() + 1, Token::End));
    Ok(found)
}

/// The inside of a quoted run and its length with quotes; a doubled quote stands for itself.
fn quoted(letters: &[char]) -> Option<(String, usize)> {
    let quote = *letters.first()?;
    let mut inside = String::new();
    let mut place = 1;
    loop {
        let it = *letters.get(place)?;
        place += 1;
        if it != quote {
            inside.push(it);
        } else if letters.get(place) == Some(&quote) {
            inside.push(quote);
            place += 1;
        } else {
            return Some((inside, place));
        }
    }
}

/// A number, or a bare name that begins with a digit, and its length.
fn number(letters: &[char], at: usize) -> Result<(Token, usize), RuleError> {
    let rest = letters.get(1..).unwrap_or(&[]);
    let length = 1 + rest.iter().take_while(|it| is_name(**it) || **it == '.').count();
    let written: String = letters.iter().take(length).collect();
    if is_number(&written) {
        Ok((Token::Number(written), length))
    } else if written.chars().all(is_name) {
        Ok((Token::Word(written), length))
    } else {
        Err(RuleError::Expected {
            at,
            expected: Wanted::Number,
        })
    }
}

fn is_number(written: &str) -> bool {
    let plain = written.strip_prefix('-').unwrap_or(written);
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    plain
        .split_once('.')
        .map_or_else(|| digits(plain), |(whole, part)| digits(whole) && digits(part))
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |it| &it.1)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(1, |it| it.0)
    }

    fn expected(&self, expected: Wanted) -> RuleError {
        RuleError::Expected {
            at: self.at(),
            expected,
        }
    }

    fn is_keyword(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(it) if it.eq_ignore_ascii_case(word))
    }

    fn take_keyword(&mut self, word: &str) -> bool {
        let found = self.is_keyword(word);
        self.next += usize::from(found);
        found
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        self.next += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<RowRule, RuleError> {
        let first = self.every()?;
        let mut of = vec![first];
        while self.take_keyword("OR") {
            of.push(self.every()?);
        }
        Ok(if of.len() == 1 {
            of.pop().unwrap_or_default()
        } else {
            RowRule::Or { of }
        })
    }

    fn every(&mut self) -> Result<RowRule, RuleError> {
        let first = self.not()?;
        let mut of = vec![first];
        while self.take_keyword("AND") {
            of.push(self.not()?);
        }
        Ok(if of.len() == 1 {
            of.pop().unwrap_or_default()
        } else {
            RowRule::And { of }
        })
    }

    fn not(&mut self) -> Result<RowRule, RuleError> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(RuleError::Deep { at: self.at() });
        }
        let rule = if self.take_keyword("NOT") {
            Ok(RowRule::Not {
                of: Box::new(self.not()?),
            })
        } else if self.take(&Token::Open) {
            let inner = self.any()?;
            if self.take(&Token::Close) {
                Ok(inner)
            } else {
                Err(self.expected(Wanted::AndOrClose))
            }
        } else if self.take_keyword("TRUE") {
            Ok(RowRule::All)
        } else if self.take_keyword("FALSE") {
            Ok(RowRule::Nothing)
        } else {
            self.test()
        };
        self.depth -= 1;
        rule
    }

    fn item(&mut self) -> Result<String, RuleError> {
        let name = match self.peek() {
            Token::Quoted(name) if !name.is_empty() => name.clone(),
            Token::Word(word) if !KEYWORDS.iter().any(|it| it.eq_ignore_ascii_case(word)) => word.clone(),
            _ => return Err(self.expected(Wanted::Condition)),
        };
        self.next += 1;
        Ok(name)
    }

    fn test(&mut self) -> Result<RowRule, RuleError> {
        let item = self.item()?;
        if let Token::Op(op) = self.peek() {
            let op = *op;
            self.next += 1;
            let value = self.literal()?;
            return Ok(RowRule::Compare { item, op, value });
        }
        if self.take_keyword("IS") {
            let not = self.take_keyword("NOT");
            if !self.take_keyword("NULL") {
                return Err(self.expected(if not { Wanted::Null } else { Wanted::NullOrNot }));
            }
            return Ok(negated(not, RowRule::IsNull { item }));
        }
        let not = self.take_keyword("NOT");
        if self.take_keyword("IN") {
            return Ok(negated(
                not,
                RowRule::In {
                    item,
                    values: self.literals()?,
                },
            ));
        }
        if self.take_keyword("LIKE") {
            return Ok(negated(
                not,
                RowRule::StartsWith {
                    item,
                    prefix: self.prefix()?,
                },
            ));
        }
        Err(self.expected(if not { Wanted::InOrLike } else { Wanted::Comparison }))
    }

    fn literals(&mut self) -> Result<Vec<Value>, RuleError> {
        if !self.take(&Token::Open) {
            return Err(self.expected(Wanted::Open));
        }
        let mut values = Vec::new();
        if self.take(&Token::Close) {
            return Ok(values);
        }
        loop {
            values.push(self.literal()?);
            if self.take(&Token::Close) {
                return Ok(values);
            }
            if !self.take(&Token::Comma) {
                return Err(self.expected(Wanted::CommaOrClose));
            }
        }
    }

    fn literal(&mut self) -> Result<Value, RuleError> {
        let value = match self.peek() {
            Token::Text(text) => Value::Text(text.clone()),
            // Integers beyond 64 bits and decimals keep their digits as text.
            Token::Number(written) => written
                .parse()
                .map_or_else(|_| Value::Text(written.clone()), Value::Int),
            Token::Word(word) if word.eq_ignore_ascii_case("TRUE") => Value::Bool(true),
            Token::Word(word) if word.eq_ignore_ascii_case("FALSE") => Value::Bool(false),
            _ => return Err(self.expected(Wanted::Literal)),
        };
        self.next += 1;
        Ok(value)
    }

    fn prefix(&mut self) -> Result<String, RuleError> {
        let at = self.at();
        let Token::Text(pattern) = self.peek() else {
            return Err(self.expected(Wanted::Prefix));
        };
        let mut prefix = String::new();
        let mut letters = pattern.chars();
        while let Some(it) = letters.next() {
            match it {
                '\\' => prefix.push(letters.next().ok_or(RuleError::Pattern { at })?),
                '%' if letters.as_str().is_empty() => {
                    self.next += 1;
                    return Ok(prefix);
                }
                '%' | '_' => return Err(RuleError::Pattern { at }),
                other => prefix.push(other),
            }
        }
        Err(RuleError::Pattern { at })
    }
}

fn negated(not: bool, rule: RowRule) -> RowRule {
    if not { RowRule::Not { of: Box::new(rule) } } else { rule }
}
