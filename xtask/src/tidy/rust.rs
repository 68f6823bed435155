//! Rust files: what their code, their comments and their texts may hold.

use super::{
    Fault, Question, doors, fault,
    house::{FILE_LINES, FLOW_DEEDS, FLOWS, FUNCTION_LINES, HOLDS_WORDS, READS_CLOCK, READS_ENVIRONMENT, TEST_LINES},
};

/// A Rust file, taken apart.
pub struct Source {
    /// Its path.
    pub path: String,
    /// How many lines it has.
    pub lines: usize,
    /// Its code: comments and the insides of texts are blanks, line breaks stay.
    pub code: String,
    /// Its texts, each with the line on which it begins.
    pub texts: Vec<(usize, String)>,
    /// First and last line of what is compiled for tests only.
    tests: Vec<(usize, usize)>,
}

impl Source {
    /// Takes a file apart.
    pub fn new(path: &str, text: &str) -> Self {
        let (code, texts) = take_apart(text);
        let lines = text.lines().count();
        let tests = if is_test_file(path) {
            vec![(1, lines)]
        } else {
            test_modules(&code)
        };
        Self {
            path: path.to_owned(),
            lines,
            code,
            texts,
            tests,
        }
    }

    pub fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|it| (it.0..=it.1).contains(&line))
    }

    pub fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|it| self.path.starts_with(it))
    }
}

/// Everything about one file.
pub fn check(source: &Source, faults: &mut Vec<Fault>, questions: &mut Vec<Question>) {
    let most = if is_test_file(&source.path) {
        TEST_LINES
    } else {
        FILE_LINES
    };
    if source.lines > most {
        questions.push(question(
            source,
            "file".to_owned(),
            format!("{} lines: is it two things?", source.lines),
        ));
    }
    for function in functions(&source.code) {
        let length = function.last - function.first + 1;
        if length > FUNCTION_LINES && !source.is_test(function.first) {
            let what = format!(
                "`{}` (line {}) has {length} lines: is it two things?",
                function.name, function.first
            );
            questions.push(question(source, format!("function {}", function.name), what));
        }
    }
    check_lines(source, faults);
    doors::check(source, faults);
    check_words(source, questions);
    check_flow(source, questions);
}

fn question(source: &Source, kind: String, what: String) -> Question {
    Question {
        path: source.path.clone(),
        kind,
        what,
    }
}

fn check_lines(source: &Source, faults: &mut Vec<Fault>) {
    for (n, line) in source.code.lines().enumerate() {
        let place = || format!("{}:{}", source.path, n + 1);
        for macro_name in ["todo!", "unimplemented!", "dbg!"] {
            if has_word(line, macro_name) {
                faults.push(fault(place(), format!("`{macro_name}` is not finished work")));
            }
        }
        if source.is_test(n + 1) {
            continue;
        }
        let env = ["std::env", "env::var", "env::vars", "env::var_os", "env::args"];
        if env.iter().any(|it| has_word(line, it)) && !source.is_in(READS_ENVIRONMENT) {
            faults.push(fault(
                place(),
                "reads the environment: only `app` does, and hands it down",
            ));
        }
        let clock = ["Utc::now", "Local::now", "SystemTime::now"];
        if clock.iter().any(|it| has_word(line, it)) && !source.is_in(READS_CLOCK) {
            faults.push(fault(place(), "reads the clock: time is an argument"));
        }
    }
}

/// Words for people belong into `locales/`. Guess: a text with Chinese characters is for people. The terms of a
/// standard, in a closed list (`Draft = "draft", "…", "Draft";`), are not ours to translate.
fn check_words(source: &Source, questions: &mut Vec<Question>) {
    if source.is_in(HOLDS_WORDS) {
        return;
    }
    let texts = source.texts.iter();
    let mut lines: Vec<String> = texts
        .filter(|(line, text)| !source.is_test(*line) && text.chars().any(is_chinese))
        .filter(|(line, _)| !source.code.lines().nth(line - 1).is_some_and(is_list_entry))
        .map(|it| it.0.to_string())
        .collect();
    lines.dedup();
    if !lines.is_empty() {
        let lines = lines.join(", ");
        let what = format!("Chinese text in code (line {lines}): does it belong into locales/?");
        questions.push(question(source, "text".to_owned(), what));
    }
}

fn is_list_entry(line: &str) -> bool {
    line.contains(" = \"") && line.ends_with("\";") && line.matches('"').count() == 6
}

fn is_chinese(it: char) -> bool {
    matches!(it, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

/// A flow file holds a small family of deeds about one noun, and is named after its leading deed or its family
/// (docs/decisions/0006-families-of-deeds.md). What stands in a folder below it serves that one deed and is not asked.
fn check_flow(source: &Source, questions: &mut Vec<Question>) {
    let Some(stem) = source
        .path
        .strip_prefix(FLOWS)
        .and_then(|it| it.strip_suffix(".rs"))
        .filter(|it| *it != "mod" && !it.contains('/') && !is_test_file(&source.path))
    else {
        return;
    };
    let heading = |line| {
        ["pub async fn ", "pub(crate) async fn "]
            .iter()
            .find_map(|it| str::strip_prefix(line, it))
    };
    let deeds: Vec<&str> = source.code.lines().filter_map(heading).filter_map(first_name).collect();
    let shares = |word: &str| deeds.iter().any(|it| it.contains(word.trim_end_matches('s')));
    let what = if deeds.is_empty() {
        "no deed in this flow file: is it a helper?".to_owned()
    } else if deeds.len() > FLOW_DEEDS {
        format!(
            "{} deeds in one flow file ({}): is it two families?",
            deeds.len(),
            deeds.join(", ")
        )
    } else if !stem.split('_').any(shares) {
        format!("none of its deeds ({}) shares a word with its name", deeds.join(", "))
    } else {
        return;
    };
    questions.push(question(source, "flow".to_owned(), what));
}

/// Does the line hold these words, not as a part of longer ones?
pub fn has_word(line: &str, word: &str) -> bool {
    let joins = |it: char| it.is_alphanumeric() || it == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(joins) && (word.ends_with('!') || !after.is_some_and(joins))
    })
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("/testing.rs")
}

/// A function: its name, its first and its last line.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub first: usize,
    pub last: usize,
}

/// Every function with a body, in code without comments and texts.
pub fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at]
            .chars()
            .next_back()
            .is_some_and(|it| it.is_alphanumeric() || it == '_')
        {
            continue;
        }
        let Some(name) = first_name(&code[at + 3..]) else {
            continue;
        };
        let Some(body) = body_of(&code[at..]) else { continue };
        let line_of = |place: usize| code[..place].matches('\n').count() + 1;
        found.push(Function {
            name: name.to_owned(),
            first: line_of(at),
            last: line_of(at + body),
        });
    }
    found
}

/// Where the braces after a heading close; nothing when a `;` comes first.
fn body_of(code: &str) -> Option<usize> {
    let (mut brackets, mut braces) = (0i32, 0i32);
    for (at, it) in code.char_indices() {
        match it {
            '(' | '[' if braces == 0 => brackets += 1,
            ')' | ']' if braces == 0 => brackets -= 1,
            ';' if braces == 0 && brackets == 0 => return None,
            '{' if brackets == 0 => braces += 1,
            '}' if brackets == 0 => {
                braces -= 1;
                if braces == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn first_name(text: &str) -> Option<&str> {
    let end = text
        .find(|it: char| !(it.is_alphanumeric() || it == '_'))
        .unwrap_or(text.len());
    text.get(..end).filter(|it| !it.is_empty())
}

/// The lines of modules under `#[cfg(test)]`.
fn test_modules(code: &str) -> Vec<(usize, usize)> {
    let line_of = |place: usize| code[..place].matches('\n').count() + 1;
    code.match_indices("#[cfg(test)]")
        .filter_map(|(at, mark)| {
            let after = at + mark.len();
            Some((line_of(at), line_of(after + body_of(&code[after..])?)))
        })
        .collect()
}

/// Splits a file into its code (the rest blank) and its texts.
fn take_apart(text: &str) -> (String, Vec<(usize, String)>) {
    let mut reader = Reader {
        rest: text,
        line: 1,
        code: String::with_capacity(text.len()),
        texts: Vec::new(),
    };
    while let Some(first) = reader.rest.chars().next() {
        let before_is_name = reader
            .code
            .chars()
            .next_back()
            .is_some_and(|it| it.is_alphanumeric() || it == '_');
        if reader.rest.starts_with("//") {
            let end = reader.rest.find('\n').unwrap_or(reader.rest.len());
            reader.blank(end);
        } else if reader.rest.starts_with("/*") {
            let end = end_of_comment(reader.rest);
            reader.blank(end);
        } else if let Some((open, close)) = (!before_is_name).then(|| raw_text(reader.rest)).flatten() {
            let inside = reader.rest.get(open..).unwrap_or_default();
            let end = inside.find(&close).unwrap_or(inside.len());
            reader.text(open, end, close.len());
        } else if first == '"' {
            let end = end_of_text(reader.rest.get(1..).unwrap_or_default());
            reader.text(1, end, 1);
        } else if first == '\''
            && let Some(end) = end_of_char(reader.rest)
        {
            reader.keep(1);
            reader.blank(end - 2);
            reader.keep(1);
        } else {
            reader.keep(first.len_utf8());
        }
    }
    (reader.code, reader.texts)
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    code: String,
    texts: Vec<(usize, String)>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let mut end = bytes.min(self.rest.len());
        while !self.rest.is_char_boundary(end) {
            end += 1;
        }
        let (taken, rest) = self.rest.split_at(end);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn keep(&mut self, bytes: usize) {
        let taken = self.take(bytes);
        self.code.push_str(taken);
    }

    fn blank(&mut self, bytes: usize) -> &'a str {
        let taken = self.take(bytes);
        self.code
            .extend(taken.chars().map(|it| if it == '\n' { '\n' } else { ' ' }));
        taken
    }

    fn text(&mut self, open: usize, inside: usize, close: usize) {
        let line = self.line;
        self.keep(open);
        let text = self.blank(inside).to_owned();
        self.keep(close);
        self.texts.push((line, text));
    }
}

/// The length of a comment that may hold others.
fn end_of_comment(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|it| !it.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// When a raw text begins here: the length of its opening, and its closing.
fn raw_text(text: &str) -> Option<(usize, String)> {
    let after = ["r", "br", "cr"].iter().find_map(|it| text.strip_prefix(it))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after.get(hashes..)?.starts_with('"').then(|| {
        let open = text.len() - after.len() + hashes + 1;
        (open, format!("\"{}", "#".repeat(hashes)))
    })
}

/// Where a text ends whose opening quote was taken.
fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, it) in text.char_indices() {
        match it {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character with its quotes; nothing when the quote begins a lifetime.
fn end_of_char(text: &str) -> Option<usize> {
    let inside = text.get(1..)?;
    if inside.starts_with('\\') {
        let skip = 2 + inside.get(1..)?.chars().next()?.len_utf8();
        return Some(skip + text.get(skip..)?.find('\'')? + 1);
    }
    let first = inside.chars().next()?;
    inside
        .get(first.len_utf8()..)?
        .starts_with('\'')
        .then(|| 2 + first.len_utf8())
}
