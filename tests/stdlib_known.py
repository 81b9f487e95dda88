"""Tests of CPython's own that differ under Gophersnake, each with the reason why that is right.

Only what the design decrees belongs here (docs/design.md), and what the hook itself causes; a bug does not.
"""

_TRACED = "the import hook calls jit, a function in Python, where the test's tracer looks on"
_HELD = "it counts references to a class, or the objects of the collector, around a compile: compiled code holds what it was compiled for, and is an object"
_MARKER = "it looks at the __dict__ of a new function, where the marker is"
_EXACT = "the C-API's functions for functions want the exact type, which an attached function does not have"
_LOADER = "it compares the module's loader, which is the import hook's"
_RACE = "it takes for granted that a thread goes on for a moment after Event.set: a compile gives the GIL away"
_CHANCE = "it looks at one allocation of several, in the order of their addresses, and wants a deeper stack than one of them has in this runner, plain or jitted"
_TIMED = "it wants to be done within a tenth of a second, in which its first round compiles the module it tests"
_HOOK = "it disassembles functions, and the hook's calls of jit are in them"
_LENT = "it wants to be the only one who has an argument, and who calls native code has it until the call is over"
_PLAIN = "it wants bytecode that the interpreter has specialised, and a jitted function's is not"

KNOWN = (
    {
        f"test.test_sys_settrace.{case}.{test}": _TRACED
        for case in ("TraceTestCase", "SkipLineEventsTraceTestCase", "TraceOpcodesTestCase", "TestSetLocalTrace", "TestLinesAfterTraceStarted")
        for test in ("test_class_creation_with_decorator", "test_class_creation_with_docstrings", "test_notrace_lambda")
    }
    | {
        f"test.test_capi.test_misc.CAPITest.test_{test}": _EXACT
        for test in ("eval_get_func_desc", "eval_get_func_name", "function_get_code", "function_get_globals", "function_get_module")
    }
    | {
        f"test.test_call.TestPEP590.test_setvectorcall{test}": _EXACT
        for test in ("", "_load_attr_specialization_deopt", "_load_attr_specialization_skip")
    }
    | {
        f"test.test_dis.{test}": _HOOK
        for test in (
            "BytecodeTests.test_explicit_first_line",
            "BytecodeTests.test_info",
            "CodeInfoTests.test_code_info",
            "CodeInfoTests.test_show_code",
            "DisTests.test_disassemble_recursive",
            "DisWithFileTests.test_disassemble_recursive",
            "InstructionTests.test_nested",
            "InstructionTests.test_outer",
        )
    }
    | {
        f"test.test_dis.{case}.test_{test}": _PLAIN
        for case in ("DisTests", "DisWithFileTests")
        for test in ("loop_quicken", "show_caches", "super_instructions")
    }
    | {
        f"test.test_opcache.TestRacesDoNotCrash.test_{test}": _PLAIN
        for test in (
            "binary_subscr_getitem",
            "binary_subscr_list_int",
            "for_iter_gen",
            "for_iter_list",
            "load_attr_class",
            "load_attr_class_with_metaclass_check",
            "load_attr_getattribute_overridden",
            "load_attr_instance_value",
            "load_attr_method_lazy_dict",
            "load_attr_method_no_dict",
            "load_attr_method_with_values",
            "load_attr_module",
            "load_attr_property",
            "load_attr_slot",
            "load_attr_with_hint",
            "load_global_module",
            "store_attr_instance_value",
            "store_attr_with_hint",
            "store_subscr_list_int",
            "unpack_sequence_list",
        )
    }
    | {
        f"test.test_opcache.TestSpecializer.test_{test}": _PLAIN
        for test in (
            "binary_op",
            "binary_subscr",
            "call_list_append",
            "compare_op",
            "contain_op",
            "for_iter",
            "get_iter",
            "load_attr_enum",
            "load_attr_module_with_getattr",
            "load_const",
            "load_super_attr",
            "store_attr_instance_value",
            "store_attr_slot",
            "store_attr_with_hint",
            "store_subscr",
            "to_bool",
            "unpack_sequence",
        )
    }
    | {f"test.test_trace.{case}.test_traced_decorated_function": _TRACED for case in ("TestFuncs", "TestLineCounts")}
    | {
        "test.test_capi.test_misc.CAPITest.test_c_subclass_of_heap_ctype_with_del_modifying_dunder_class_only_decrefs_once": _HELD,
        "test.test_descr.ClassPropertiesAndMethods.test_slots": _HELD,
        "test.test_xml_etree.BugsTest.test_bug_xmltoolkit63": _HELD,
        "test.test_xml_etree_c.BugsTest.test_bug_xmltoolkit63": _HELD,
        "test.test_opcache.TestCallCache.test_assign_init_code": _PLAIN,
        "test.test_opcache.TestCallCache.test_dont_specialize_custom_vectorcall": _EXACT,
        "test.test_opcache.TestCallCache.test_push_init_frame_fails": _PLAIN,
        "test.test_opcache.TestCallCache.test_specialize_call_function_ex_py": _PLAIN,
        "test.test_opcache.TestCallCache.test_specialize_call_function_ex_py_fail": _EXACT,
        "test.test_monitoring.ExceptionMonitoringTest.test_no_unwind_for_shim_frame": _PLAIN,
        "test.test_monitoring.LineMonitoringTest.test_generator_with_line": _TRACED,
        "test.test_monitoring.TestBranchAndJumpEvents.test_async_for": _TRACED,
        "test.test_list.ListTest.test_list_overwrite_local": _LENT,
        "test.test_pydoc.PydocImportTest.test_importfile": _LOADER,
        "test.test_funcattrs.FunctionDictsTest.test_unassigned_dict": _MARKER,
        "test.test_sys_setprofile.TestEdgeCases.test_method_with_c_function": _TRACED,
        "test.test_sys.SysModuleTest.test_current_exceptions": _RACE,
        "test.test_tracemalloc.TestTracemallocEnabled.test_snapshot": _CHANCE,
        "test.test_re.ReTests.test_search_anchor_at_beginning": _TIMED,
    }
)
