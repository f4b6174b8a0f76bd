"""Prints the places in a C# program that are not C#."""

import sys

import tree_sitter
import tree_sitter_c_sharp

parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c_sharp.language()))
with open(sys.argv[1], "rb") as program:
    nodes = [parser.parse(program.read()).root_node]
while nodes:
    node = nodes.pop()
    if node.is_error or node.is_missing:
        print(f"{sys.argv[1]}:{node.start_point.row + 1}:{node.start_point.column + 1}: {node.type}")
    nodes.extend(node.children)
