package infermend

import pschema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"

// leaveReplacingToDiff says in the schema that the provider replaces a resource when some properties change. What infer says instead
// makes every SDK set the resource option replaceOnChanges: the engine would then replace the resource for any difference that Diff
// reports in them, such as an argument that has become a secret. No upstream issue for it was found.
func leaveReplacingToDiff(properties map[string]pschema.PropertySpec) {
	for name, spec := range properties {
		spec.WillReplaceOnChanges, spec.ReplaceOnChanges = spec.ReplaceOnChanges, false
		properties[name] = spec
	}
}
