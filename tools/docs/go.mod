module github.com/ociauthtoken/pulumi-ociauthtoken/tools/docs

go 1.26
