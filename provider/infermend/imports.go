package infermend

import (
	"context"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// imports tells an import from .get(). Both read a resource that is not in the state, and the requests are the same. Only of a resource
// that is imported the engine also has the arguments checked, before the read or after it. .get() reads the resource in every update.
type imports struct {
	mu sync.Mutex
	// checked holds the URNs of the resources whose arguments have been checked.
	checked map[resource.URN]bool
	// warnings are for the resources that have been read, by URN, in case they are being imported.
	warnings map[resource.URN]string
}

// WarnOfImport gives a warning once it is known that the resource of this call, which is read, is being imported.
func (c *Call) WarnOfImport(ctx context.Context, warning string) {
	c.imports.mu.Lock()
	defer c.imports.mu.Unlock()
	if c.imports.checked[c.URN] {
		p.GetLogger(ctx).Warning(warning)
		return
	}
	if c.imports.warnings == nil {
		c.imports.warnings = map[resource.URN]string{}
	}
	c.imports.warnings[c.URN] = warning
}

// noteImports notes whose arguments are checked. Neither the engine nor infer says what a read is for. There is no upstream issue for it.
func noteImports(ctx context.Context, call *Call, next func(context.Context) error) error {
	if call.Method == Check {
		call.imports.noteCheck(ctx, call.URN)
	}
	return next(ctx)
}

func (i *imports) noteCheck(ctx context.Context, urn resource.URN) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if warning, ok := i.warnings[urn]; ok {
		p.GetLogger(ctx).Warning(warning)
		delete(i.warnings, urn)
	}
	if i.checked == nil {
		i.checked = map[resource.URN]bool{}
	}
	i.checked[urn] = true
}
