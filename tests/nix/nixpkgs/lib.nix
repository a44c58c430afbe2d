# Of nixpkgs' library, what flake.nix calls.
let
  genAttrs =
    names: value:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = value name;
      }) names
    );
  exists = path: if builtins.pathExists path then path else throw "lib.fileset: ${toString path} does not exist";
in
{
  inherit genAttrs;
  inherit (builtins) concatMap listToAttrs mapAttrs;
  nameValuePair = name: value: { inherit name value; };
  filterAttrs =
    keep: set:
    removeAttrs set (builtins.filter (name: !keep name set.${name}) (builtins.attrNames set));
  optional = condition: element: if condition then [ element ] else [ ];
  optionalAttrs = condition: set: if condition then set else { };
  getName = package: package.pname;
  getExe = package: "${package}/bin/${package.meta.mainProgram}";
  fileset = {
    unions = map exists;
    difference = whole: parts: {
      whole = exists whole;
      inherit parts;
    };
    # A path's text, and not its files: nothing is copied.
    toSource = { root, fileset }: builtins.deepSeq fileset.parts (toString root);
  };
}
