//! What is wrong with single texts and lines that an operator adds. Each would be said in another language without a word.

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};

/// A country and its name.
pub(super) type Country = (&'static str, &'static str);

/// What a message, a term (`-term`) or an attribute of one (`message.attribute`) refers to.
#[derive(Default)]
struct Uses {
    variables: BTreeSet<String>,
    functions: BTreeSet<String>,
    /// Messages, terms and attributes.
    references: BTreeSet<String>,
}

type Texts = BTreeMap<String, Uses>;

/// Of the texts that the program asks for, those that cannot be said: one line for each, with its message and what to write.
pub(super) fn of_texts(own: &str, english: &str) -> Vec<String> {
    let (own, english) = (uses(own), uses(english));
    let mut faults = Vec::new();
    for id in own.keys().filter(|id| english.contains_key(*id)) {
        let (asked, mut known) = (reached(id, &own, &mut faults), BTreeSet::new());
        known.extend(reached(id, &english, &mut Vec::new()).variables);
        let values: Vec<String> = known.iter().map(|name| format!("${name}")).collect();
        let has = if values.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it has {}", values.join(", "))
        };
        let unknown = asked.variables.difference(&known);
        faults.extend(unknown.map(|name| format!("message {id}: ${name} is no value of it; {has}")));
        let functions = asked.functions.iter();
        faults
            .extend(functions.map(|name| format!("message {id}: there is no function {name}; write the value alone")));
    }
    faults
}

/// What a text refers to, itself and through others; what of these is not there, or leads back to where it began, is a fault.
fn reached(id: &str, texts: &Texts, faults: &mut Vec<String>) -> Uses {
    let (mut all, mut waiting) = (Uses::default(), vec![id.to_owned()]);
    while let Some(next) = waiting.pop() {
        let Some(uses) = texts.get(&next) else {
            faults.push(format!("message {id}: there is no {next}; write its text, or add it"));
            continue;
        };
        if uses.references.contains(id) {
            faults.push(format!("message {id}: it would say itself; write its text"));
        }
        // What a term names comes from whoever refers to it.
        if !next.starts_with('-') {
            all.variables.extend(uses.variables.iter().cloned());
        }
        all.functions.extend(uses.functions.iter().cloned());
        for name in &uses.references {
            if name != id && all.references.insert(name.clone()) {
                waiting.push(name.clone());
            }
        }
    }
    all
}

fn uses(messages: &str) -> Texts {
    // Whoever asks has read it before: a text that is not Fluent was refused.
    let resource = FluentResource::try_new(messages.to_owned()).unwrap_or_else(|(partial, _)| partial);
    let mut texts = Texts::new();
    for entry in resource.entries() {
        let (name, value, attributes) = match entry {
            Entry::Message(message) => (message.id.name.to_owned(), message.value.as_ref(), &message.attributes),
            Entry::Term(term) => (format!("-{}", term.id.name), Some(&term.value), &term.attributes),
            _ => continue,
        };
        let mut add = |name: String, pattern: &Pattern<&str>| {
            let mut uses = Uses::default();
            uses.add(pattern);
            texts.insert(name, uses);
        };
        for attribute in attributes {
            add(format!("{name}.{}", attribute.id.name), &attribute.value);
        }
        if let Some(value) = value {
            add(name, value);
        }
    }
    texts
}

impl Uses {
    fn add(&mut self, pattern: &Pattern<&str>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { .. } => {}
                PatternElement::Placeable { expression } => self.add_expression(expression),
            }
        }
    }

    fn add_expression(&mut self, expression: &Expression<&str>) {
        match expression {
            Expression::Inline(inline) => self.add_inline(inline),
            Expression::Select { selector, variants } => {
                self.add_inline(selector);
                variants.iter().for_each(|variant| self.add(&variant.value));
            }
        }
    }

    fn add_inline(&mut self, inline: &InlineExpression<&str>) {
        let named = |sign: &str, id: &str, attribute: Option<&str>| match attribute {
            Some(attribute) => format!("{sign}{id}.{attribute}"),
            None => format!("{sign}{id}"),
        };
        match inline {
            InlineExpression::VariableReference { id } => {
                self.variables.insert(id.name.to_owned());
            }
            InlineExpression::MessageReference { id, attribute } => {
                let attribute = attribute.as_ref().map(|attribute| attribute.name);
                self.references.insert(named("", id.name, attribute));
            }
            InlineExpression::TermReference {
                id,
                attribute,
                arguments,
            } => {
                let attribute = attribute.as_ref().map(|attribute| attribute.name);
                self.references.insert(named("-", id.name, attribute));
                arguments.iter().for_each(|arguments| self.add_arguments(arguments));
            }
            InlineExpression::FunctionReference { id, arguments } => {
                self.functions.insert(id.name.to_owned());
                self.add_arguments(arguments);
            }
            InlineExpression::Placeable { expression } => self.add_expression(expression),
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        }
    }

    fn add_arguments(&mut self, arguments: &CallArguments<&str>) {
        let named = arguments.named.iter().map(|argument| &argument.value);
        arguments
            .positional
            .iter()
            .chain(named)
            .for_each(|inline| self.add_inline(inline));
    }
}

/// The countries of a file in its order, and what is wrong with its lines. Those that it lacks come behind, with the names of
/// `instead`: nobody's country vanishes from a form for a line that is not there. None at all for a file without a line.
pub(super) fn countries(file: &'static str, instead: &[Country]) -> (Vec<Country>, Vec<String>) {
    let (mut countries, mut faults): (Vec<Country>, Vec<String>) = (Vec::new(), Vec::new());
    for (at, line) in file.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let is_known = |code: &str| instead.iter().any(|(known, _)| *known == code);
        let fault = match line.split_once('\t') {
            None => "there is no tab between code and name".to_owned(),
            Some((code, _)) if !is_known(code) => format!("{code} is no country of this version; remove the line"),
            Some((code, _)) if countries.iter().any(|(known, _)| *known == code) => {
                format!("{code} stands in a line before; remove one of them")
            }
            Some((code, name)) if name.trim().is_empty() => format!("{code} has no name; write it behind the tab"),
            Some(country) => {
                countries.push(country);
                continue;
            }
        };
        faults.push(format!("line {}: {fault}", at + 1));
    }
    if file.trim().is_empty() {
        return (countries, faults);
    }
    let is_missing = |(code, _): &&Country| !countries.iter().any(|(known, _)| known == code);
    let missing: Vec<Country> = instead.iter().filter(is_missing).copied().collect();
    if !missing.is_empty() {
        let codes: Vec<&str> = missing.iter().map(|(code, _)| *code).collect();
        faults.push(format!(
            "countries without a line: {}; add one for each",
            codes.join(", ")
        ));
    }
    countries.extend(missing);
    (countries, faults)
}

#[cfg(test)]
mod tests {
    use super::{countries, of_texts};

    #[test]
    fn a_text_that_could_not_be_said_is_named_with_its_mend() {
        let english =
            "subject = Sign: { $title }\ngo = Go\nmany = { $count ->\n    [one] One\n   *[other] { $count }\n }\n";
        for (own, said) in [
            (
                "subject = { $titulo }\n",
                "message subject: $titulo is no value of it; it has $title",
            ),
            ("go = { $title }\n", "message go: $title is no value of it; it has none"),
            (
                "many = { NUMBER($count) }\n",
                "message many: there is no function NUMBER; write the value alone",
            ),
            (
                "go = { stop }\n",
                "message go: there is no stop; write its text, or add it",
            ),
            (
                "go = { -brand }\n",
                "message go: there is no -brand; write its text, or add it",
            ),
            (
                "go = { many.title }\nmany = { $count }\n",
                "message go: there is no many.title; write its text, or add it",
            ),
            ("go = { go }\n", "message go: it would say itself; write its text"),
            (
                "go = { helper }\nhelper = { $nope }\n",
                "message go: $nope is no value of it; it has none",
            ),
        ] {
            assert_eq!(of_texts(own, english), [said], "{own}");
        }
        let circle = of_texts("go = { helper }\nhelper = { go }\n", english);
        assert_eq!(circle, ["message go: it would say itself; write its text"]);
        let right = "subject = { $title } { -brand(case: \"x\") }\n-brand = P { $case }\nmany = { $count } { go }\ngo = Va\nown = { $x }\n";
        assert_eq!(of_texts(right, english), [""; 0]);
    }

    #[test]
    fn no_country_vanishes_and_each_line_that_is_none_is_named() {
        let instead = [("DE", "Germany"), ("ES", "Spain"), ("FR", "France")];
        let (found, faults) = countries("FR Francia\nXX\tNada\nES\tEspaña\n\nES\tOtra\nDE\t\n", &instead);
        assert_eq!(found, [("ES", "España"), ("DE", "Germany"), ("FR", "France")]);
        let [no_tab, unknown, twice, nameless, missing] = &faults[..] else {
            panic!("{faults:?}");
        };
        assert!(no_tab.starts_with("line 1: there is no tab") && unknown.starts_with("line 2: XX is no country"));
        assert!(twice.starts_with("line 5: ES stands") && nameless.starts_with("line 6: DE has no name"));
        assert_eq!(missing, "countries without a line: DE, FR; add one for each");
        assert_eq!(countries("", &instead), (Vec::new(), Vec::new()));
    }
}
