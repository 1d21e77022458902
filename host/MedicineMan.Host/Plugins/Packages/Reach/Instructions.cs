using System.Collections.Frozen;
using System.Reflection.Emit;
using System.Reflection.Metadata;

namespace MedicineMan.Host.Plugins.Packages.Reach;

/// Walks the instructions of a method body for the members they name.
internal static class Instructions
{
    private static readonly FrozenDictionary<ushort, OperandType> Operands = typeof(OpCodes).GetFields().Select(field => field.GetValue(null)).OfType<OpCode>()
        .ToFrozenDictionary(code => unchecked((ushort)code.Value), code => code.OperandType);

    /// <exception cref="BadImageFormatException">The body holds something that is no instruction.</exception>
    public static IEnumerable<int> Tokens(BlobReader body)
    {
        var tokens = new List<int>();
        while (body.RemainingBytes > 0)
        {
            ushort code = body.ReadByte();
            code = code == 0xFE ? (ushort)(0xFE00 | body.ReadByte()) : code;
            if (!Operands.TryGetValue(code, out var operand))
            {
                throw new BadImageFormatException($"There is no instruction {code:x}.");
            }

            if (operand is OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineField)
            {
                tokens.Add(body.ReadInt32());
            }
            else
            {
                var size = operand == OperandType.InlineSwitch ? 4 * body.ReadInt32() : Size(operand);
                body.Offset += size;
            }
        }

        return tokens;
    }

    private static int Size(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };
}
