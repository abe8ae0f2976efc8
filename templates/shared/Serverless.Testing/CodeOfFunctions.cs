using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Serverless.Testing;

/// <summary>
/// What the compiled code of a function may call, directly or through other code of the service. Found by reading the code, so that no
/// branch has to run. It knows the functions by the calls that add them: a name, then the handler.
/// </summary>
public sealed class CodeOfFunctions
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    // The service's own code and the plumbing. Libraries are not read.
    private readonly HashSet<Assembly> read;
    private readonly List<Type> types;
    private readonly Dictionary<string, List<MethodBase>> handlers = new(StringComparer.Ordinal);

    /// <summary>Reads the service's assembly, and those of the plumbing that it uses.</summary>
    public CodeOfFunctions(Assembly service)
    {
        ArgumentNullException.ThrowIfNull(service);
        read = [service, .. service.GetReferencedAssemblies().Where(name => name.Name!.Split('.')[0] == "Serverless").Select(Assembly.Load)];
        types = [.. read.SelectMany(assembly => assembly.GetTypes())];
        foreach (var method in service.GetTypes().SelectMany(type => type.GetMembers(All)).OfType<MethodBase>())
            FindHandlers(method);
    }

    /// <summary>What a function's code calls in libraries, and the texts in it.</summary>
    public (IReadOnlySet<MethodBase> Calls, IReadOnlySet<string> Texts) Of(string function)
    {
        var calls = new HashSet<MethodBase>();
        var texts = new HashSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<MethodBase>();
        var open = new Stack<MethodBase>(handlers.GetValueOrDefault(function) ?? throw new InvalidOperationException($"The code adds no function \"{function}\"."));
        while (open.TryPop(out var method))
        {
            if (!Reads(method))
            {
                calls.Add(method);
                continue;
            }

            if (!seen.Add(method))
                continue;
            foreach (var next in Implied(method))
                open.Push(next);
            foreach (var (_, _, operand) in Instructions(method))
            {
                switch (operand)
                {
                    case string text:
                        texts.Add(text);
                        break;
                    case MethodBase called:
                        open.Push(called is MethodInfo { IsGenericMethod: true } generic && Reads(called) ? generic.GetGenericMethodDefinition() : called);
                        break;
                    case FieldInfo { IsStatic: true, DeclaringType.TypeInitializer: { } initializer } when Reads(initializer):
                        open.Push(initializer);
                        break;
                }
            }
        }

        return (calls, texts);
    }

    // service.On("me", handler), new ApiRoute("me", "GET", "/me", access, handler): the first text is the name, each function pointer a handler.
    private void FindHandlers(MethodBase method)
    {
        string? name = null;
        var pointers = new List<MethodBase>();
        foreach (var (_, code, operand) in Instructions(method))
        {
            if (operand is string text)
                name ??= text;
            else if (operand is MethodBase pointer && (code == OpCodes.Ldftn || code == OpCodes.Ldvirtftn))
                pointers.Add(pointer);
            else if (operand is MethodBase { DeclaringType.Namespace: "Serverless" or "Serverless.Http" } added && Adds(added))
            {
                if (name is not null && pointers.Count > 0)
                    (handlers.TryGetValue(name, out var known) ? known : handlers[name] = []).AddRange(pointers);
                name = null;
                pointers.Clear();
            }
        }
    }

    private static bool Adds(MethodBase method)
    {
        var parameters = method.GetParameters().Select(parameter => parameter.ParameterType).ToList();
        return parameters.Contains(typeof(string)) && parameters.Any(type => typeof(Delegate).IsAssignableFrom(type));
    }

    /// <summary>Whether a method's code is read: it is the service's own or the plumbing's.</summary>
    internal bool Reads(MethodBase method) => read.Contains(method.Module.Assembly);

    /// <summary>What runs although no instruction names it.</summary>
    internal IEnumerable<MethodBase> Implied(MethodBase method)
    {
        if (method.GetCustomAttribute<StateMachineAttribute>() is { } state)
        {
            var machine = state.StateMachineType;
            if (machine.IsGenericTypeDefinition)
                machine = machine.MakeGenericType([.. method.DeclaringType!.GetGenericArguments(), .. method.IsGenericMethod ? method.GetGenericArguments() : []]);
            yield return machine.GetMethod("MoveNext", All)!;
        }

        if (method.IsStatic && method.DeclaringType?.TypeInitializer is { } initializer)
            yield return initializer;
        if (method.IsVirtual && !method.IsFinal && method.DeclaringType is { ContainsGenericParameters: false } declaring)
        {
            foreach (var type in types.Where(type => type != declaring && declaring.IsAssignableFrom(type)))
            {
                if (type.GetMethod(method.Name, All, [.. method.GetParameters().Select(parameter => parameter.ParameterType)]) is { } other)
                    yield return other;
            }
        }
    }

    /// <summary>The instructions of a method. An operand is a member, a text, a number, or the places that a branch leads to.</summary>
    internal static IEnumerable<(int At, OpCode Code, object? Operand)> Instructions(MethodBase method)
    {
        var il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        var ofType = method.DeclaringType is { IsGenericType: true } generic ? generic.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < il.Length;)
        {
            var start = at;
            var value = il[at] == 0xFE ? (short)(0xFE00 | il[at + 1]) : il[at];
            var code = OpCodesByValue[value];
            at += code.Size;
            object? operand = null;
            if (code.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineTok)
                operand = method.Module.ResolveMember(BitConverter.ToInt32(il, at), ofType, ofMethod);
            else if (code.OperandType == OperandType.InlineString)
                operand = method.Module.ResolveString(BitConverter.ToInt32(il, at));
            else if (code.OperandType is OperandType.InlineI or OperandType.InlineVar)
                operand = code.OperandType == OperandType.InlineI ? BitConverter.ToInt32(il, at) : BitConverter.ToUInt16(il, at);
            else if (code.OperandType is OperandType.ShortInlineI or OperandType.ShortInlineVar)
                operand = code.OperandType == OperandType.ShortInlineI ? (sbyte)il[at] : (int)il[at];
            else if (code.OperandType == OperandType.InlineBrTarget)
                operand = new[] { at + 4 + BitConverter.ToInt32(il, at) };
            else if (code.OperandType == OperandType.ShortInlineBrTarget)
                operand = new[] { at + 1 + (sbyte)il[at] };
            else if (code.OperandType == OperandType.InlineSwitch)
                operand = Enumerable.Range(1, BitConverter.ToInt32(il, at)).Select(i => at + 4 + (4 * BitConverter.ToInt32(il, at)) + BitConverter.ToInt32(il, at + (4 * i))).ToArray();
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                _ => 4,
            };
            yield return (start, code, operand);
        }
    }
}
