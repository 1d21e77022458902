// The attribute is there and names nothing.
[assembly: MedicineMan.Sdk.MedicineManPlugin(null!)]
