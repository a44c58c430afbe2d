# A derivation of these arguments, which is evaluated and cannot be built.
name: system: arguments:
derivation {
  inherit system;
  name = builtins.replaceStrings [ "/" ] [ "-" ] name;
  builder = "/stands-in-for-a-builder";
  arguments = builtins.toJSON (removeAttrs arguments [ "meta" ]);
}
// {
  meta = arguments.meta or { };
}
