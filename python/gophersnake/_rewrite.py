"""Puts `jit` on every function of a source file, nested ones and lambdas too, with every line number kept.

For code that nobody decorated: `python -m gophersnake run`, and the test suite's import hook. The decorator goes
closest to the `def`, so that all others see a function as ever.
"""

import ast

NAME = "__gophersnake_jit__"

# On 3.11 the class statement wraps these only where it finds a plain function.
PLAIN = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})


class _Rewriter(ast.NodeTransformer):
    def __init__(self):
        self.in_class = False

    def _name(self, node):
        return ast.copy_location(ast.Name(NAME, ast.Load()), node)

    def visit_ClassDef(self, node):
        outer, self.in_class = self.in_class, True
        self.generic_visit(node)
        self.in_class = outer
        return node

    def _function(self, node):
        plain = self.in_class and node.name in PLAIN
        outer, self.in_class = self.in_class, False
        self.generic_visit(node)
        self.in_class = outer
        if not plain:
            # At the place of the `def`: co_firstlineno is the first decorator's line.
            node.decorator_list.append(self._name(node))
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_Lambda(self, node):
        outer, self.in_class = self.in_class, False
        self.generic_visit(node)
        self.in_class = outer
        return ast.copy_location(ast.Call(self._name(node), [node], []), node)


def rewrite_tree(tree):
    """Puts a call of NAME on every function of a module's tree, in place."""
    return _Rewriter().visit(tree)


def rewrite(source, path):
    """The code object of a module in which NAME is called on every function; NAME must be a builtin or a global."""
    return compile(rewrite_tree(ast.parse(source, path)), path, "exec", dont_inherit=True)
