// Command go-java-nodejs-python generates the SDKs for Go, Java, Node.js and Python.
package main

import "github.com/ociauthtoken/pulumi-ociauthtoken/tools/sdk/generator"

func main() {
	generator.Main(
		generator.SDK{Folder: "go", Generate: generateGo},
		generator.SDK{Folder: "nodejs", Generate: generateNodeJS},
		generator.SDK{Folder: "python", Generate: generatePython},
		generator.SDK{Folder: "java", Generate: generateJava},
	)
}
