"""Calls of Java's methods, and changes of values with several names, for the generator."""

# Methods that airspeed has too.
CALLS = [
    "$s.replaceAll('oo', $n)", "$s.contains($t)", "$n.length()", "$w.contains($s)", "$m.keySet()",
    "$l.get(1)", "$w.size()", "$o.list.isEmpty()", "$o.map.get('c')",
]

ALIASES = [
    "#set($b = $m)#set($b.z = $i)$m.z", "#set($b = $o.map)#set($b['c'] = 'changed')$o.map.c",
    "#set($b = [$w, $w])#set($b[0][0] = $s)$w[0]",
    "#set($done = $o.map.put('m', $m))#set($m.k3 = 'deep')$o.map.m.k3",
]

# A string that ends in a mark, or holds one that begins nothing.
STRINGS = ['"$"', '"<$> $i"', '"#"', "'$'", "'#set'"]
JAVA_STRINGS = ['"$s $"', '"$!"', '"${"', '"$! $s"', '"#set"', '"a#"', '"$5"', '"$i#"', '"$$s"', '"a##b"', '"#*"', '"$!{"', '"#[["']

JAVA_LISTS = [
    "$o.list", "$l.subList(0, 2)", "$s.split('o')", "$o.map.entrySet()", "[0..$i]", "[$j .. 2]", "[$x..4]",
    "[1..$l.size()]", "[0..$undefined]", "$s.split('', 3)", "[$none, $s]",
]

_TEXTS = [
    "indexOf('o', 2)", "indexOf('o', -1)", "indexOf('', 9)", "indexOf(111)", "lastIndexOf('o', 3)", "lastIndexOf('', 2)",
    "lastIndexOf(111, 1)", "lastIndexOf('x')", "startsWith('o', 1)", "startsWith('', 99)", "endsWith('r')", "split('o').size()",
    "split('o', -1).size()", "split('o', 2).size()", "split('').size()", "split('[a-z]*').size()", "split('x').get(0)",
    "replaceAll('o*', '-')", "replaceFirst('o', '0')", "replaceAll('(o)(b)', '$2$1')", "replaceAll('', '.')", "replace('o', '$1')",
    "format('%s|%5s|%-5s|', $s, $n, $t)", "format('%05d %x %,d', $i, $i, 1234567)", "format('%.2f %8.3f %e', $x, 2.345, 12345.678)",
    "format('%2$s %1$s %b', $s, $n, true)", "format('%+d %(d % d', $i, $j, $i)", "join('-', $s, 'x')", "join(',', $w)", "hashCode()",
    "compareTo('fop')", "compareTo($s)", "compareTo('')", "compareToIgnoreCase('FOO')", "equalsIgnoreCase('FOOBAR')", "equals($n)",
    "concat($s)", "trim()", "charAt(1).toString()", "codePointAt(0)", "subSequence(0, 1)", "substring(1)", "valueOf($i)", "valueOf($w)",
    "valueOf($x)", "contentEquals('12')", "isEmpty()", "toLowerCase()", "toUpperCase()", "intern()", "matches('.*')", "length()",
    "toString()", "empty", "none", "toUpperCase().concat('!').length()",
]
_INTEGERS = [
    "parseInt($n)", "parseInt('2a', 16)", "parseInt('-7')", "parseInt($s)", "valueOf($n)", "valueOf($i)", "toHexString($j)",
    "toBinaryString($i)", "toOctalString($j)", "toString($i)", "toString($j, 3)", "toString()", "max($i, $j)", "min($i, $j)",
    "sum($i, $j)", "compare($i, $j)", "compareTo($j)", "equals(7)", "equals(7.0)", "equals($n)", "hashCode()", "doubleValue()",
    "intValue()", "longValue()", "byteValue()", "shortValue()", "floatValue()", "signum($j)", "bitCount($j)", "reverse($i)",
    "decode('-0x1F')", "decode('017')", "none",
]
_DOUBLES = [
    "intValue()", "longValue()", "doubleValue()", "compareTo(1.5)", "compareTo($x)", "equals(2.5)", "equals(2)", "hashCode()",
    "max($x, 1.0)", "min($x, 1.0)", "sum($x, 0.25)", "compare($x, 3.0)", "parseDouble('1e3')", "parseDouble(' 7 ')", "valueOf('3.25')",
    "isNaN()", "isInfinite()", "toString()", "toString(1.0)", "floatValue()", "byteValue()",
]
_BOOLEANS = [
    "booleanValue()", "toString()", "hashCode()", "compareTo($no)", "equals(true)", "parseBoolean('TRUE')", "valueOf('yes')",
    "logicalXor(true, $no)", "logicalAnd($yes, $no)", "logicalOr($yes, $no)", "compare($yes, $no)", "toString($no)",
]
_LISTS = [
    "addAll($w)", "addAll(0, ['x', 'y'])", "subList(0, 1)", "subList(0, 1).size()", "lastIndexOf('a')", "lastIndexOf(2)",
    "indexOf('a')", "indexOf($i)", "removeAll(['a', 1])", "retainAll($w)", "equals([1, 2, 3])", "equals($w)", "hashCode()",
    "set(0, 'z')", "containsAll(['a'])", "containsAll($e)", "add($s)", "add(0, $i)", "remove(0)", "remove('a')", "remove('zz')",
    "contains('1')", "contains(1)", "contains(1.0)", "isEmpty()", "empty", "size()", "toString()", "get(0)", "clear()", "none",
]
_MAPS = [
    "putIfAbsent('k1', 'x')", "putIfAbsent('k7', 'x')", "remove('k1')", "remove('k1', 'v1')", "remove('k1', 'v2')",
    "replace('k1', 'y')", "replace('k8', 'y')", "replace('k2', 5, 6)", "getOrDefault('k1', 0)", "getOrDefault('k9', 0)",
    "containsKey('k1')", "containsValue('v1')", "containsValue(5)", "containsValue('5')", "values()", "keySet()",
    "hashCode()", "equals({'k1': 'v1', 'k2': 5})", "equals($o)", "size()", "isEmpty()", "toString()", "putAll({'p': $i})",
    "put('k2', $l)", "put('k1', $none)", "keySet().contains('k1')", "keySet().size()", "values().contains('v1')", "empty", "clear()",
]

JAVA_CALLS = [
    f"{name}.{call}"
    for names, calls in [
        (["$s", "$t", "$n"], _TEXTS), (["$i", "$j"], _INTEGERS), (["$x"], _DOUBLES), (["$yes", "$no"], _BOOLEANS),
        (["$l", "$w", "$e"], _LISTS), (["$m"], _MAPS),
    ]
    for name in names
    for call in calls
] + [
    "$input.json('$')", "$input.json('$.m')", "$input.json('$.o.list')", "$input.path('$.o.map').c", "$input.path('$.l').size()",
    "$input.path('$.o')", "$none.x()", "$undefined.size().y",
]

# In airspeed, a loop over a list that it extends never ends.
MESSAGE_ALIASES = [
    "#set($b = $l)#set($done = $b.add($j))$l.size()", "#set($m.list = $l)#set($done = $m.list.add(4))$l.size()",
    "#set($p = $input.path('$.m'))#set($p.q = 'r')$input.json('$.m') $m", "#set($input.path('$').new = $i)$input.json('$')",
    "#set($done = $input.path('$').put('put', [1, {'k': $s}]))$input.json('$.put')", "#set($o.list[0] = $s)$input.json('$.o')",
    "#foreach($r in $o.list)#set($done = $r)#end$done.a", "#foreach($e in $m.entrySet())#set($done = $e.setValue($foreach.index))#end$m",
    "#foreach($e in $o.map.entrySet())$e.key=$e.value;$e #end", "#set($l[0] = {'deep': $l.size()})$input.json('$.l')",
    "#set($done = $input.path('$').remove('w'))$input.json('$')", "#set($m.m = $m)#set($done = $m.remove('m'))$m",
    "#set($b = {})#set($done = $b.putAll($m))#set($b.only = 1)$m $b", "#set($c = $l)#set($c = [])$l.size()$c",
]
