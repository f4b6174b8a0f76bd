package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// The packages that all TypeScript programs share, with their versions.
var typeScriptPackages = map[string]string{
	"@pulumi/pulumi": "3.276.0", "@types/node": "20.19.0", "typescript": "5.9.3",
}

// typeScriptProgram is a program with one token.
type typeScriptProgram struct {
	name, version, source string
}

// typeScriptPrograms lists the program with our SDK, and the same with the SDK that people have used so far.
func typeScriptPrograms(tarball string) []typeScriptProgram {
	const settings = `import * as pulumi from "@pulumi/pulumi";
const userId = new pulumi.Config().require("userId");
`
	return []typeScriptProgram{
		{"pulumi-ociauthtoken", "file:" + tarball, settings + `
import * as ociauthtoken from "pulumi-ociauthtoken";
const token = new ociauthtoken.AuthToken("token", { userId, description: "ci" });
export const password = token.token;
`},
		{"@pulumi/oci", "4.20.0", settings + `
import * as oci from "@pulumi/oci";
const token = new oci.identity.AuthToken("token", { userId, description: "ci" });
export const password = token.token;
`},
	}
}

// measureTypeScript prints what the package of each program takes on the disk, and what compiling the program costs.
func measureTypeScript(ctx context.Context, dir, packages string, a amount, w io.Writer) error {
	tarballs, err := filepath.Glob(filepath.Join(packages, "*.tgz"))
	if err != nil || len(tarballs) != 1 {
		return fmt.Errorf("one npm tarball in %s, not %d: %w", packages, len(tarballs), err)
	}
	programs := typeScriptPrograms(tarballs[0])
	if a.once {
		programs = programs[:1] // The package of the other one is large.
	}
	_, _ = fmt.Fprint(w, "\n| TypeScript, one token, with | the package | `tsc`: CPU | `tsc`: memory |\n| --- | ---: | ---: | ---: |\n")
	for i, program := range programs {
		fmt.Fprintln(os.Stderr, "measuring: TypeScript with", program.name)
		folder := filepath.Join(dir, fmt.Sprintf("typescript%d", i))
		if err := program.install(ctx, folder); err != nil {
			return err
		}
		installed, err := folderSize(filepath.Join(folder, "node_modules", program.name))
		if err != nil {
			return err
		}
		var cpu []time.Duration
		var peak []int64
		for range a.typeScriptRounds {
			usage, err := compile(ctx, folder)
			if err != nil {
				return fmt.Errorf("TypeScript with %s: %w", program.name, err)
			}
			cpu = append(cpu, time.Duration(usage.Utime.Nano()+usage.Stime.Nano()))
			peak = append(peak, usage.Maxrss*1024)
		}
		slices.Sort(cpu)
		slices.Sort(peak)
		_, _ = fmt.Fprintf(w, "| %s | %.0f MB | %.1f s | %.0f MB |\n",
			program.name, float64(installed)/1e6, cpu[len(cpu)/2].Seconds(), float64(peak[len(peak)/2])/1e6)
	}
	return nil
}

// install writes the program, and installs its packages.
func (program typeScriptProgram) install(ctx context.Context, folder string) error {
	dependencies := maps.Clone(typeScriptPackages)
	dependencies[program.name] = program.version
	manifest, err := json.Marshal(map[string]any{"name": "bench", "version": "1.0.0", "private": true, "dependencies": dependencies})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for name, content := range map[string]string{
		"package.json": string(manifest),
		"index.ts":     program.source,
		"tsconfig.json": `{"compilerOptions": {"strict": true, "target": "es2022", "module": "commonjs", ` +
			`"moduleResolution": "node", "outDir": "bin", "skipLibCheck": false, "types": ["node"]}, "files": ["index.ts"]}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	install := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--silent")
	install.Dir = folder
	_, err = output(install)
	return err
}

// compile compiles the program, and returns what that took.
func compile(ctx context.Context, folder string) (*syscall.Rusage, error) {
	command := exec.CommandContext(ctx, "node", "node_modules/typescript/bin/tsc")
	command.Dir = folder
	if _, err := output(command); err != nil {
		return nil, err
	}
	usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return nil, fmt.Errorf("this system does not tell what %s used", command)
	}
	return usage, nil
}

// folderSize returns the size of all files below a folder, in bytes.
func folderSize(root string) (int64, error) {
	var size int64
	err := filepath.WalkDir(root, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
