//! The methods that values have, by name and number of arguments.
//!
//! They are the methods of Java 8's `String`, `Integer`, `Long`, `Double`, `Boolean`, `List`, `Map` and `Map.Entry` that
//! templates use, static ones included: `#set($Integer = 0)$Integer.parseInt("41")`. A call of a method that no type has
//! fails when the template is parsed. A call of a method that the value does not have fails when it is rendered.

use std::fmt;

/// The type of a value, which determines its methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Integer,
    Double,
    Boolean,
    List,
    /// The keys, values or entries of a map.
    View,
    Map,
    Entry,
    /// `$foreach`
    Loop,
    Input,
    Util,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a string",
            Self::Integer => "an integer",
            Self::Double => "a double",
            Self::Boolean => "a boolean",
            Self::List => "a list",
            Self::View => "the keys, values or entries of a map",
            Self::Map => "a map",
            Self::Entry => "an entry of a map",
            Self::Loop => "$foreach",
            Self::Input => "$input",
            Self::Util => "$util",
        })
    }
}

/// A method: its name, and its minimum and maximum number of arguments.
pub(crate) type Method = (&'static str, usize, usize);

/// No maximum number of arguments.
const ANY: usize = usize::MAX;

/// The types that a value of a variable can have.
pub(crate) const VALUES: [Type; 9] = [
    Type::Text,
    Type::Integer,
    Type::Double,
    Type::Boolean,
    Type::List,
    Type::View,
    Type::Map,
    Type::Entry,
    Type::Loop,
];

const OBJECT: [Method; 3] = [("equals", 1, 1), ("hashCode", 0, 0), ("toString", 0, 0)];

#[rustfmt::skip]
const TEXT: [Method; 28] = [
    ("charAt", 1, 1), ("codePointAt", 1, 1), ("compareTo", 1, 1), ("compareToIgnoreCase", 1, 1), ("concat", 1, 1),
    ("contains", 1, 1), ("contentEquals", 1, 1), ("endsWith", 1, 1), ("equalsIgnoreCase", 1, 1), ("format", 1, ANY),
    ("indexOf", 1, 2), ("intern", 0, 0), ("isEmpty", 0, 0), ("join", 2, ANY), ("lastIndexOf", 1, 2), ("length", 0, 0),
    ("matches", 1, 1), ("replace", 2, 2), ("replaceAll", 2, 2), ("replaceFirst", 2, 2), ("split", 1, 2),
    ("startsWith", 1, 2), ("subSequence", 2, 2), ("substring", 1, 2), ("toLowerCase", 0, 0), ("toUpperCase", 0, 0),
    ("trim", 0, 0), ("valueOf", 1, 1),
];

#[rustfmt::skip]
const INTEGER: [Method; 23] = [
    ("bitCount", 1, 1), ("byteValue", 0, 0), ("compare", 2, 2), ("compareTo", 1, 1), ("decode", 1, 1),
    ("doubleValue", 0, 0), ("floatValue", 0, 0), ("hashCode", 1, 1), ("intValue", 0, 0), ("longValue", 0, 0),
    ("max", 2, 2), ("min", 2, 2), ("parseInt", 1, 2), ("parseLong", 1, 2), ("shortValue", 0, 0), ("signum", 1, 1),
    ("sum", 2, 2), ("toBinaryString", 1, 1), ("toHexString", 1, 1), ("toOctalString", 1, 1), ("toString", 1, 2),
    ("valueOf", 1, 2), ("reverse", 1, 1),
];

#[rustfmt::skip]
const DOUBLE: [Method; 17] = [
    ("byteValue", 0, 0), ("compare", 2, 2), ("compareTo", 1, 1), ("doubleValue", 0, 0), ("floatValue", 0, 0),
    ("hashCode", 1, 1), ("intValue", 0, 0), ("isInfinite", 0, 1), ("isNaN", 0, 1), ("longValue", 0, 0), ("max", 2, 2),
    ("min", 2, 2), ("parseDouble", 1, 1), ("shortValue", 0, 0), ("sum", 2, 2), ("toString", 1, 1), ("valueOf", 1, 1),
];

#[rustfmt::skip]
const BOOLEAN: [Method; 10] = [
    ("booleanValue", 0, 0), ("compare", 2, 2), ("compareTo", 1, 1), ("hashCode", 1, 1), ("logicalAnd", 2, 2),
    ("logicalOr", 2, 2), ("logicalXor", 2, 2), ("parseBoolean", 1, 1), ("toString", 1, 1), ("valueOf", 1, 1),
];

#[rustfmt::skip]
const LIST: [Method; 15] = [
    ("add", 1, 2), ("addAll", 1, 2), ("clear", 0, 0), ("contains", 1, 1), ("containsAll", 1, 1), ("get", 1, 1),
    ("indexOf", 1, 1), ("isEmpty", 0, 0), ("lastIndexOf", 1, 1), ("remove", 1, 1), ("removeAll", 1, 1),
    ("retainAll", 1, 1), ("set", 2, 2), ("size", 0, 0), ("subList", 2, 2),
];

const VIEW: [Method; 4] = [("contains", 1, 1), ("containsAll", 1, 1), ("isEmpty", 0, 0), ("size", 0, 0)];

#[rustfmt::skip]
const MAP: [Method; 15] = [
    ("clear", 0, 0), ("containsKey", 1, 1), ("containsValue", 1, 1), ("entrySet", 0, 0), ("get", 1, 1),
    ("getOrDefault", 2, 2), ("isEmpty", 0, 0), ("keySet", 0, 0), ("put", 2, 2), ("putAll", 1, 1), ("putIfAbsent", 2, 2),
    ("remove", 1, 2), ("replace", 2, 3), ("size", 0, 0), ("values", 0, 0),
];

const ENTRY: [Method; 3] = [("getKey", 0, 0), ("getValue", 0, 0), ("setValue", 1, 1)];

#[rustfmt::skip]
const LOOP: [Method; 8] = [
    ("getCount", 0, 0), ("getIndex", 0, 0), ("getParent", 0, 0), ("getTopmost", 0, 0), ("hasNext", 0, 0),
    ("isFirst", 0, 0), ("isLast", 0, 0), ("getHasNext", 0, 0),
];

const INPUT: [Method; 3] = [("json", 1, 1), ("params", 0, 1), ("path", 1, 1)];

#[rustfmt::skip]
const UTIL: [Method; 6] = [
    ("base64Decode", 1, 1), ("base64Encode", 1, 1), ("escapeJavaScript", 1, 1), ("parseJson", 1, 1),
    ("urlDecode", 1, 1), ("urlEncode", 1, 1),
];

impl Type {
    /// The methods of this type, without those that every value has.
    pub(crate) fn own(self) -> &'static [Method] {
        match self {
            Self::Text => &TEXT,
            Self::Integer => &INTEGER,
            Self::Double => &DOUBLE,
            Self::Boolean => &BOOLEAN,
            Self::List => &LIST,
            Self::View => &VIEW,
            Self::Map => &MAP,
            Self::Entry => &ENTRY,
            Self::Loop => &LOOP,
            Self::Input => &INPUT,
            Self::Util => &UTIL,
        }
    }

    /// Whether the type has a method of this name that takes so many arguments.
    pub(crate) fn has(self, name: &str, arguments: usize) -> bool {
        let answers = |method: &&Method| method.0 == name && (method.1..=method.2).contains(&arguments);
        let object: &[Method] = if matches!(self, Self::Input | Self::Util) { &[] } else { &OBJECT };
        self.own().iter().chain(object).any(|method| answers(&method))
    }
}

impl Type {
    /// Lists the methods of this type, for an error.
    pub(crate) fn has_these(self) -> String {
        let names: Vec<_> = self.own().iter().map(|method| method.0).collect();
        let body = if self == Self::Input { "body and " } else { "" };
        format!("it has {body}{}", names.join(", "))
    }
}

/// A call by name, for an error.
pub(crate) fn call(name: &str, arguments: usize) -> String {
    let arguments = match arguments {
        0 => "without arguments".to_owned(),
        1 => "with 1 argument".to_owned(),
        many => format!("with {many} arguments"),
    };
    format!("`{name}` {arguments}")
}

/// Whether any type of value has such a method.
pub(crate) fn any_has(name: &str, arguments: usize) -> bool {
    VALUES.iter().any(|kind| kind.has(name, arguments))
}

#[cfg(test)]
mod tests {
    use crate::{Scope, Template};

    /// Values of each type, and arguments that some overload of each method takes.
    const RECEIVERS: [(super::Type, &str); 9] = [
        (super::Type::Text, "'7'"),
        (super::Type::Integer, "7"),
        (super::Type::Double, "7.5"),
        (super::Type::Boolean, "true"),
        (super::Type::List, "[7, 8]"),
        (super::Type::View, "{'7': 7}.keySet()"),
        (super::Type::Map, "{'7': 7}"),
        (super::Type::Entry, "{'7': 7}.entrySet()"),
        (super::Type::Loop, "$foreach"),
    ];
    const ARGUMENTS: [&str; 8] = ["", "'7'", "0", "1.5", "true", "$list", "$map", "'7', '7'"];
    const PAIRS: [&str; 8] =
        ["0, 1", "'7', 10", "255, 16", "1.5, 2.5", "true, false", "'7', 0", "0, $list", "'7', 7, 8"];

    #[test]
    fn every_listed_method_is_there() {
        for (kind, receiver) in RECEIVERS {
            for (name, least, _) in kind.own() {
                let set = match kind {
                    super::Type::View => "#set($m = {'7': 7})#set($x = $m.keySet())".to_owned(),
                    super::Type::Entry => {
                        "#set($m = {'7': 7})#foreach($e in $m.entrySet())#set($x = $e)#end".to_owned()
                    }
                    _ => format!("#set($x = {receiver})"),
                };
                let answered = ARGUMENTS.iter().chain(&PAIRS).any(|arguments| {
                    let text = format!(
                        "#set($list = [7])#set($map = {{}})#foreach($i in [1]){set}$x.{name}({arguments})#end"
                    );
                    Template::parse(&text)
                        .is_ok_and(|template| template.render(&Scope::new("{}", &())).is_ok())
                });
                assert!(answered, "{kind:?} {name} from {least} arguments");
            }
        }
    }
}
