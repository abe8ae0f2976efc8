using System.Reflection;
using System.Reflection.Emit;
using System.Text.Json.Serialization;

namespace Serverless.Testing;

/// <summary>
/// What the compiled code behind a route reads and answers: found by reading the code, so that nobody has to write it down a second time.
/// It sees the status and the code of an answer where they are constants, which is how a handler writes them.
/// </summary>
internal sealed class CodeOfRoute
{
    private static readonly string[] Lookups = ["GetValueOrDefault", "get_Item", "TryGetValue", "ContainsKey"];

    // A call of these says all that there is to know.
    private static readonly Type[] Ends = [typeof(ApiResponse), typeof(Problem), typeof(JsonSerializerContext)];

    private readonly CodeOfFunctions code;
    private readonly HashSet<MethodBase> seen = [];

    /// <summary>Reads the handler of a route, and what it calls.</summary>
    public CodeOfRoute(CodeOfFunctions code, ApiRoute route)
    {
        this.code = code;
        Read(route.Handle.Method);
    }

    /// <summary>The body that is read as JSON: its type, the context that reads it, and the form expected in words. Null if none is.</summary>
    public (Type Type, Type? Context, string? Expected)? Body { get; private set; }

    /// <summary>Whether the body is read as bytes.</summary>
    public bool ReadsBytes { get; private set; }

    /// <summary>The answers that report no problem.</summary>
    public List<CodedAnswer> Answers { get; } = [];

    /// <summary>The codes of the problems, by their status; null is a status that is no constant.</summary>
    public List<(int? Status, string? Code)> Problems { get; } = [];

    /// <summary>The names that are looked up in the query.</summary>
    public List<string> Query { get; } = [];

    /// <summary>The names that are looked up in the request's headers.</summary>
    public List<string> Headers { get; } = [];

    private void Read(MethodBase method)
    {
        if (!code.Reads(method) || Ends.Any(type => type.IsAssignableFrom(method.DeclaringType)) || !seen.Add(method))
            return;
        foreach (var next in code.Implied(method))
            Read(next);

        // What is known of the values on the stack, of locals and of fields. Where branches meet, each may be one of several.
        var stack = new Stack<Value>();
        var kept = new Dictionary<object, Value>();
        var carried = new Dictionary<int, Value[]>();
        foreach (var handler in method.GetMethodBody()?.ExceptionHandlingClauses ?? [])
        {
            if (handler.Flags is ExceptionHandlingClauseOptions.Clause or ExceptionHandlingClauseOptions.Filter)
                carried[handler.HandlerOffset] = [Value.Unknown];
            if (handler.Flags == ExceptionHandlingClauseOptions.Filter)
                carried[handler.FilterOffset] = [Value.Unknown];
        }

        Value Pop() => stack.TryPop(out var value) ? value : Value.Unknown;
        foreach (var (at, instruction, operand) in CodeOfFunctions.Instructions(method))
        {
            if (carried.TryGetValue(at, out var arriving))
                stack = Meet(stack, arriving);

            if (operand is MethodBase called && instruction.FlowControl == FlowControl.Call)
            {
                var arguments = new Value[called.GetParameters().Length + (called.IsStatic || instruction == OpCodes.Newobj ? 0 : 1)];
                for (var i = arguments.Length - 1; i >= 0; i--)
                    arguments[i] = Pop();
                var result = Note(method, called, arguments);
                if (instruction == OpCodes.Newobj || called is MethodInfo { ReturnType: var type } && type != typeof(void))
                    stack.Push(result);
                Read(called);
                continue;
            }

            if (operand is MethodBase pointer)
                Read(pointer);
            if (operand is FieldInfo { IsStatic: true, DeclaringType.TypeInitializer: { } initializer })
                Read(initializer);

            var name = instruction.Name!;
            if (instruction == OpCodes.Dup)
            {
                stack.Push(stack.TryPeek(out var top) ? top : Value.Unknown);
                continue;
            }

            var popped = Enumerable.Range(0, PopsOf(instruction)).Select(_ => Pop()).ToList();
            if (name is "stfld" or "stsfld" || name.StartsWith("stloc", StringComparison.Ordinal))
                kept[KeyOf(name, operand)] = Value.Either(kept.GetValueOrDefault(KeyOf(name, operand)), popped[0]);
            var pushed = ConstantOf(instruction, operand)
                ?? (name is "ldfld" or "ldsfld" || name.StartsWith("ldloc", StringComparison.Ordinal) ? kept.GetValueOrDefault(KeyOf(name, operand)) : null)
                ?? Value.Unknown;
            for (var i = PushesOf(instruction); i > 0; i--)
                stack.Push(pushed);

            foreach (var target in operand as int[] ?? [])
                carried[target] = carried.TryGetValue(target, out var others) ? [.. Meet(new(others), [.. stack.Reverse()]).Reverse()] : name.StartsWith("leave", StringComparison.Ordinal) ? [] : [.. stack.Reverse()];
            if (instruction.FlowControl is FlowControl.Branch or FlowControl.Return or FlowControl.Throw)
                stack = new();
        }
    }

    /// <summary>Notes what a call says about the route.</summary>
    /// <returns>What is known of its result.</returns>
    private Value Note(MethodBase caller, MethodBase called, Value[] arguments)
    {
        switch (called)
        {
            case ConstructorInfo when called.DeclaringType == typeof(ProblemException):
            case MethodInfo { Name: nameof(Problem.Of) } when called.DeclaringType == typeof(Problem):
                foreach (var status in arguments[0].All<int>())
                    foreach (var word in arguments[1].All<string>())
                        Problems.Add(((int?)status, (string?)word));
                break;

            case MethodInfo { Name: nameof(ApiRequest.ReadJson) } when called.DeclaringType == typeof(ApiRequest):
                Body = (called.GetGenericArguments()[0], ContextOf(arguments[1]), arguments[2].One<string>());
                break;

            case MethodInfo { Name: "get_" + nameof(ApiRequest.Body) } when called.DeclaringType == typeof(ApiRequest) && caller.DeclaringType != typeof(ApiRequest):
                ReadsBytes = true;
                break;

            case MethodInfo { Name: nameof(ApiResponse.Json) } when called.DeclaringType == typeof(ApiResponse):
                return Answer(arguments[0], answer => answer.Content["application/json"] = (called.GetGenericArguments()[0], ContextOf(arguments[2])));

            case MethodInfo { Name: nameof(ApiResponse.NoContent) } when called.DeclaringType == typeof(ApiResponse):
                return Answer(new Value([204]));

            case ConstructorInfo when called.DeclaringType == typeof(ApiResponse):
                return Answer(arguments[0]);

            case MethodInfo { Name: "set_" + nameof(ApiResponse.ContentType) } when called.DeclaringType == typeof(ApiResponse):
                foreach (var answer in arguments[0].Known.OfType<CodedAnswer>())
                    foreach (var mediaType in arguments[1].Known.OfType<string>())
                        answer.Content[mediaType] = null;
                break;

            case MethodInfo { Name: "get_" + nameof(ApiResponse.Headers) } when called.DeclaringType == typeof(ApiResponse):
                return new([.. arguments[0].Known.OfType<CodedAnswer>().Select(answer => answer.Headers)]);

            case MethodInfo { Name: "set_Item" or "Add" or "TryAdd" } when arguments.Length == 3:
                foreach (var headers in arguments[0].Known.OfType<HashSet<string>>())
                    headers.UnionWith(arguments[1].Known.OfType<string>());
                break;

            case MethodInfo when Array.IndexOf(Lookups, called.Name) >= 0 && arguments.Length > 1:
                foreach (var source in arguments[0].Known.OfType<MethodInfo>().Where(source => source.DeclaringType == typeof(ApiRequest)))
                    (source.Name switch { "get_" + nameof(ApiRequest.Query) => Query, "get_" + nameof(ApiRequest.Headers) => Headers, _ => null })?.AddRange(arguments[1].Known.OfType<string>());
                break;
        }

        return new([called]);
    }

    private Value Answer(Value status, Action<CodedAnswer>? describe = null)
    {
        var answers = status.All<int>().Select(number => new CodedAnswer((int?)number)).ToList();
        answers.ForEach(answer => describe?.Invoke(answer));
        Answers.AddRange(answers);
        return new([.. answers]);
    }

    // The context is the one whose property gives the contract: ApiJson.Default.NewOrder.
    private static Type? ContextOf(Value contract) =>
        contract.Known.OfType<MethodInfo>().Select(property => property.DeclaringType!).FirstOrDefault(typeof(JsonSerializerContext).IsAssignableFrom);

    private static Value? ConstantOf(OpCode instruction, object? operand) =>
        operand is string ? new([operand])
        : instruction == OpCodes.Ldc_I4 || instruction == OpCodes.Ldc_I4_S ? new([operand])
        : instruction.Value >= OpCodes.Ldc_I4_M1.Value && instruction.Value <= OpCodes.Ldc_I4_8.Value ? new([instruction.Value - OpCodes.Ldc_I4_0.Value])
        : null;

    // A local by its number, a field by itself.
    private static object KeyOf(string name, object? operand) =>
        operand ?? name[(name.LastIndexOf('.') + 1)..] switch { "0" => 0, "1" => 1, "2" => 2, _ => 3 };

    private static int PopsOf(OpCode instruction) => instruction.StackBehaviourPop switch
    {
        StackBehaviour.Pop0 or StackBehaviour.Varpop => 0,
        var behaviour => behaviour.ToString().Split('_').Length,
    };

    private static int PushesOf(OpCode instruction) => instruction.StackBehaviourPush switch
    {
        StackBehaviour.Push0 or StackBehaviour.Varpush => 0,
        StackBehaviour.Push1_push1 => 2,
        _ => 1,
    };

    private static Stack<Value> Meet(Stack<Value> here, Value[] arriving) =>
        here.Count != arriving.Length ? new(arriving) : new(here.Reverse().Zip(arriving, Value.Either));

    /// <summary>What a value may be: constants, the method that it comes from, an answer. A null among them is something else.</summary>
    private sealed record Value(object?[] Known)
    {
        public static Value Unknown { get; } = new([null]);

        public static Value Either(Value? one, Value other) => one is null ? other : new([.. one.Known.Union(other.Known)]);

        /// <summary>Each constant that it may be, and null if it may be something else.</summary>
        public IEnumerable<object?> All<T>() => Known.Select(value => value is T ? value : null).Distinct();

        public T? One<T>()
            where T : class => Known is [T only] ? only : null;
    }
}

/// <summary>An answer in the code of a handler.</summary>
/// <param name="status">Null if it is no constant.</param>
internal sealed class CodedAnswer(int? status)
{
    /// <summary>The HTTP status code; null if it is no constant.</summary>
    public int? Status { get; } = status;

    /// <summary>The type that is written as JSON and its context, by the media type; null for a body of another kind.</summary>
    public Dictionary<string, (Type Type, Type? Context)?> Content { get; } = [];

    /// <summary>The names of the headers.</summary>
    public HashSet<string> Headers { get; } = [];
}
